//! The `trimtab` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _armed = killed_at_fail_points();
    trimtab::cli::main()
}

/// For the crash tests: `FAILPOINTS=name=panic` ends the process there as `kill -9` does, with nothing cleaned up.
#[cfg(feature = "failpoints")]
fn killed_at_fail_points() -> fail::FailScenario<'static> {
    std::panic::set_hook(Box::new(|panic| {
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{panic}\n"));
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }));
    fail::FailScenario::setup()
}
