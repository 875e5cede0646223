//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|word| word == "jail") {
        // Before any runtime: the helper must have one thread.
        let _ = walkon::jail::run_helper(args);
    }
    ExitCode::FAILURE
}
