//! Starts a Plaza on fixed ports and runs it until interrupted: `cargo run -p plaza --example
//! serve`. The site is on 127.0.0.1:4710, the control port on 127.0.0.1:4711.

use plaza::Options;

#[tokio::main]
async fn main() -> Result<(), plaza::Error> {
    let options = Options {
        listen: ([127, 0, 0, 1], 4710).into(),
        control: ([127, 0, 0, 1], 4711).into(),
        ..Options::default()
    };
    let mut running = plaza::start(options).await?;
    running.ended().await;
    Ok(())
}
