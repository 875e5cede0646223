//! stand-in
use clap::Args;
use super::report::Failure;
/// Plaza.
#[derive(Debug, Clone, Args)]
pub(super) struct PlazaArgs {
    /// Where the site listens.
    #[arg(long, default_value = "127.0.0.1:7400")]
    listen: std::net::SocketAddr,
    /// Where its control port listens.
    #[arg(long, default_value = "127.0.0.1:7401")]
    control: std::net::SocketAddr,
}
/// demo
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {}
pub(super) async fn plaza(args: &PlazaArgs) -> Result<(), Failure> {
    use super::report::Code;
    let options = plaza::Options { listen: args.listen, control: args.control, ..plaza::Options::default() };
    let running = plaza::start(options).await;
    let mut running = running.map_err(|error| {
        Failure::new(Code::Host, error.to_string(), error.remedy().into_owned())
    })?;
    super::out::say(&format!("plaza: http://{}", running.site));
    super::out::say(&format!("control: http://{}", running.control));
    let shutdown = crate::shutdown::Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    tokio::select! {
        () = shutdown.soft().cancelled() => running.stop().await,
        () = running.ended() => {}
    }
    Ok(())
}
pub(super) async fn demo(_: &DemoArgs, _: bool) -> Result<(), Failure> { Ok(()) }
