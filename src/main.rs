//! The binary. Everything it does is in the library; the jail's helper runs before anything else.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|word| word == "jail") {
        // Before any runtime: the helper must have one thread. It returns only if it failed, and
        // its parent reads why from the socket.
        let _ = walkon::jail::run_helper(args);
        return ExitCode::FAILURE;
    }
    walkon::cli::main()
}
