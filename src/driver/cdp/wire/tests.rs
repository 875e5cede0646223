//! The wire to a browser that the test plays.

use chromiumoxide_cdp::cdp::browser_protocol::browser::GetVersionParams;
use chromiumoxide_cdp::cdp::browser_protocol::page::NavigateParams;
use tokio::task::JoinSet;

use super::*;

const SOON: Duration = Duration::from_secs(5);

/// Keeps the names of the events it was given.
#[derive(Default)]
struct Names(Mutex<Vec<String>>);

impl Sink for Names {
    fn event(&self, _: Option<&str>, method: &str, _: Value) {
        self.0.lock().unwrap().push(method.to_owned());
    }
    fn ended(&self) {
        self.0.lock().unwrap().push("ended".to_owned());
    }
}

/// A wire to a browser that the test plays.
struct Play {
    wire: Wire,
    names: Arc<Names>,
    heard: BufReader<pipe::Receiver>,
    mouth: Option<pipe::Sender>,
    _loops: JoinSet<()>,
}

impl Play {
    fn new() -> Self {
        let ((input, heard), (mouth, output)) = (pipe::pipe().unwrap(), pipe::pipe().unwrap());
        let (wire, outbox) = Wire::new();
        let names = Arc::new(Names::default());
        let mut loops = JoinSet::new();
        loops.spawn(write_loop(outbox, input));
        loops.spawn(read_loop(wire.clone(), output, names.clone()));
        let heard = BufReader::new(heard);
        Self { wire, names, heard, mouth: Some(mouth), _loops: loops }
    }

    /// What the browser hears next.
    async fn hear(&mut self) -> Value {
        let mut frame = Vec::new();
        self.heard.read_until(0, &mut frame).await.unwrap();
        frame.pop();
        serde_json::from_slice(&frame).unwrap()
    }

    async fn say(&mut self, text: &str) {
        let mouth = self.mouth.as_mut().unwrap();
        mouth.write_all(format!("{text}\0").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn answers_find_their_calls_whatever_order_they_come_in() {
    let mut play = Play::new();
    let first = play.wire.begin(Some("S"), &NavigateParams::new("http://x.test/"));
    let second = play.wire.begin(None, &GetVersionParams::default());
    let heard = play.hear().await;
    assert_eq!((&heard["method"], &heard["sessionId"]), (&"Page.navigate".into(), &"S".into()));
    let id = play.hear().await["id"].as_u64().unwrap();
    let version = "\"protocolVersion\":\"1\",\"product\":\"C/1\",\"revision\":\"\",\
        \"userAgent\":\"\",\"jsVersion\":\"\"";
    play.say(&format!("{{\"id\":{id},\"result\":{{{version}}}}}")).await;
    play.say(&format!("{{\"id\":{},\"result\":{{\"frameId\":\"F\"}}}}", id - 1)).await;
    assert_eq!(second.answer(SOON).await.unwrap().product, "C/1");
    assert!(first.answer(SOON).await.unwrap().loader_id.is_none());
}

#[tokio::test]
async fn what_the_protocol_does_not_know_harms_nothing_but_its_own_call() {
    let mut play = Play::new();
    let strange = play.wire.begin(None, &GetVersionParams::default());
    let refused = play.wire.begin(None, &GetVersionParams::default());
    play.say("{\"method\":\"Nova.fromTheFuture\",\"params\":{\"a\":1}}").await;
    play.say("this is no message").await;
    play.say("{\"id\":999,\"result\":{}}").await;
    play.say("{\"id\":1,\"result\":{\"product\":7}}").await;
    play.say("{\"id\":2,\"error\":{\"code\":-1,\"message\":\"no such thing\"}}").await;
    let strange = strange.answer(SOON).await;
    assert!(matches!(&strange, Err(Error::Protocol { why, .. }) if why.contains("unknown answer")));
    let refused = refused.answer(SOON).await;
    assert!(matches!(&refused, Err(Error::Protocol { why, .. }) if why == "no such thing"));
    assert_eq!(*play.names.0.lock().unwrap(), ["Nova.fromTheFuture"]);
    assert!(!play.wire.is_dead());
}

#[tokio::test]
async fn a_closed_pipe_fails_the_calls_in_flight_and_every_later_one() {
    let mut play = Play::new();
    let flying = play.wire.begin(None, &GetVersionParams::default());
    play.mouth = None;
    assert!(matches!(flying.answer(SOON).await, Err(Error::Dead(_))));
    let later = play.wire.call(None, &GetVersionParams::default(), SOON).await;
    assert!(matches!(later, Err(Error::Dead(_))));
    assert!(play.wire.is_dead());
    assert_eq!(*play.names.0.lock().unwrap(), ["ended"]);
}

#[tokio::test]
async fn a_silent_browser_is_not_waited_for_beyond_the_bound() {
    let play = Play::new();
    let bound = Duration::from_millis(20);
    let slow = play.wire.call(None, &GetVersionParams::default(), bound).await;
    assert!(matches!(slow, Err(Error::Slow { ms: 20, .. })));
    assert!(play.wire.state().calls.is_empty());
}

#[tokio::test]
async fn a_lane_ends_by_itself_and_with_the_whole() {
    let play = Play::new();
    let (here, there) = (play.wire.lane(), play.wire.lane());
    let ask = |wire: &Wire| wire.begin(None, &GetVersionParams::default());
    let (flying, other) = (ask(&here), ask(&there));
    here.end("it was killed");
    assert!(matches!(flying.answer(SOON).await, Err(Error::Dead(why)) if why.contains("killed")));
    assert!(matches!(ask(&here).answer(SOON).await, Err(Error::Dead(_))));
    assert!(here.is_dead() && !there.is_dead() && !play.wire.is_dead());
    play.wire.end("its pipe closed");
    assert!(matches!(other.answer(SOON).await, Err(Error::Dead(why)) if why.contains("pipe")));
    assert!(there.is_dead());
}

#[tokio::test]
async fn a_crash_fails_the_calls_of_its_page_only() {
    let play = Play::new();
    let here = play.wire.begin(Some("A"), &GetVersionParams::default());
    let there = play.wire.begin(Some("B"), &GetVersionParams::default());
    play.wire.crash("A");
    assert!(matches!(here.answer(SOON).await, Err(Error::Crashed)));
    assert_eq!(play.wire.state().calls.len(), 1);
    drop(there);
}
