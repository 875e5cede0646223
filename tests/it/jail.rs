//! The jail: what a program inside it can see, reach and leave behind.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use walkon::driver::Read;
use walkon::jail::{Cell, Inmate, NOBODY, Spawner};

use crate::support::fixture::{Stand, driver, driver_with, until};
use crate::support::processes;
use crate::support::site::Site;

fn cell(script: &str, folder: &TempDir, isolate: bool) -> Cell {
    let root = nix::unistd::geteuid().is_root();
    Cell {
        walkon: PathBuf::from(env!("CARGO_BIN_EXE_walkon")),
        program: PathBuf::from("/bin/bash"),
        args: ["-c", script].map(Into::into).to_vec(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        log: folder.path().join("log"),
        user: root.then_some(NOBODY),
        listeners: 1,
        isolate,
        ways_in: 0,
    }
}

/// What a script writes on file descriptor 4.
async fn says(script: &str, isolate: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let spawner = Spawner::new().unwrap();
    let mut inmate = spawner.spawn(&cell(script, &folder, isolate)).await.unwrap();
    let mut text = String::new();
    inmate.output.read_to_string(&mut text).await.unwrap();
    text
}

fn interfaces(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_there_is_lo_and_nothing_else() {
    let inside = says("cat /proc/self/net/dev >&4", true).await;
    assert_eq!(interfaces(&inside), ["lo"]);
    let outside = says("cat /proc/self/net/dev >&4", false).await;
    let host = fs::read_to_string("/proc/self/net/dev").unwrap();
    assert_eq!(interfaces(&outside), interfaces(&host));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_has_its_two_pipes_and_no_other_file_of_the_workers() {
    let _stray = fs::File::open("/dev/null").unwrap();
    let listed = says("ls /proc/$$/fd >&4; true", true).await;
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_nobody_and_not_root_in_any_namespace() {
    if !nix::unistd::geteuid().is_root() {
        return crate::support::skip("the change of user needs root");
    }
    assert_eq!(says("echo $(id -u) $(id -g) $(id -G) >&4", true).await.trim(), "65534 65534 65534");
    let refused = says("echo x 2>/dev/null >/etc/walkon-was-here || echo refused >&4", true).await;
    assert_eq!(refused.trim(), "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_inside_is_answered_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let spawner = Spawner::new().unwrap();
    let script = "exec 5<>/dev/tcp/127.0.0.1/{port}; read -r line <&5; echo \"$line\" >&4";
    let Inmate { child: _child, mut output, mut listeners, .. } =
        spawner.spawn(&cell(script, &folder, true)).await.unwrap();
    let listener = listeners.remove(0);
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"hello\n").await.unwrap();
    let mut text = String::new();
    output.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_start_ends_its_pipe_and_says_why_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let spawner = Spawner::new().unwrap();
    let mut cell = cell("", &folder, true);
    cell.program = PathBuf::from("/nowhere/browser");
    let mut inmate = spawner.spawn(&cell).await.unwrap();
    assert_eq!(inmate.output.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    let log = fs::read_to_string(&cell.log).unwrap();
    assert!(log.contains("could not start the program: ENOENT"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_flags_a_browser_still_reaches_nothing_but_the_relay() {
    // Listening outside on every address of this machine's loopback: not one byte may arrive.
    let tcp = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = tcp.local_addr().unwrap().port();
    let udp = tokio::net::UdpSocket::bind(("127.0.0.2", port)).await.unwrap();
    let Some(driver) = driver_with(|options| {
        let flags = ["--proxy-bypass-list", "--webrtc-", "--force-webrtc-", "--disable-quic"];
        options.without_flags = flags.map(str::to_owned).to_vec();
        options.with_flags =
            vec!["--proxy-bypass-list=<-loopback>;127.0.0.2;198.51.100.7".to_owned()];
    }) else {
        return;
    };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    for away in ["127.0.0.2", "198.51.100.7"] {
        let url = site.url(&format!("/escape?away={away}&port={port}"));
        session.navigate(&url).await.unwrap();
        let tried = until(&*session, &Read::Title, |title| title.starts_with("tried")).await;
        assert_eq!(tried, "tried 6");
    }
    let browser = processes::first(stand.path());
    let counters = fs::read_to_string(format!("/proc/{browser}/net/dev")).unwrap();
    assert_eq!(interfaces(&counters), ["lo"], "{counters}");
    for pid in processes::below(browser) {
        // A sandboxed child may have a namespace of its own, with nothing up at all.
        let counters = fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap_or_default();
        assert!(interfaces(&counters).iter().all(|name| *name == "lo"), "{counters}");
    }
    session.close().await;
    let wait = Duration::from_millis(100);
    assert!(tokio::time::timeout(wait, tcp.accept()).await.is_err(), "a connection got out");
    let mut packet = [0; 64];
    assert!(
        tokio::time::timeout(wait, udp.recv_from(&mut packet)).await.is_err(),
        "a packet got out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_close_a_kill_or_a_drop() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    for way in ["close", "kill", "drop"] {
        let stand = Stand::new(&[&site.origin]);
        let session = stand.open(&driver).await;
        session.navigate(&site.url("/hello")).await.unwrap();
        let tree = processes::tree(stand.path());
        assert!(tree.len() > 2, "{tree:?}");
        match way {
            "close" => session.close().await,
            "kill" => session.kill(),
            _ => drop(session),
        }
        processes::none_left(&tree).await;
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..500 {
            if left(&stand) == ["browser.log", "cache"] {
                break;
            }
            tick.tick().await;
        }
        assert_eq!(left(&stand), ["browser.log", "cache"], "{way}");
    }
}

fn left(stand: &Stand) -> Vec<String> {
    let entries = fs::read_dir(stand.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Run by the next test in a process of its own, which is then killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it never ends: another test starts it and kills it"]
async fn a_worker_that_is_about_to_be_killed() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    println!("OPEN {}", stand.path().display());
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_worker_leaves_no_browser() {
    use tokio::io::AsyncBufReadExt as _;
    if driver().is_none() {
        return;
    }
    let mut worker = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "jail::a_worker_that_is_about_to_be_killed", "--ignored", "--nocapture"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(worker.stdout.take().unwrap()).lines();
    let folder = loop {
        let line = lines.next_line().await.unwrap().expect("the worker opens a session");
        if let Some((_, folder)) = line.split_once("OPEN ") {
            break PathBuf::from(folder);
        }
    };
    let tree = processes::tree(&folder);
    assert!(tree.len() > 2, "{tree:?}");
    let pid = worker.id().unwrap().cast_signed();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    worker.wait().await.unwrap();
    processes::none_left(&tree).await;
    fs::remove_dir_all(folder).unwrap();
}
