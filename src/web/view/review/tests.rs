//! What the review page says of recordings, whole and torn.

use serde_json::{Value, json};
use walkon_core::clock::from_ms;

use super::*;

fn head() -> Head {
    serde_json::from_value(json!({
        "format": "walkon-session", "version": 1, "session": "0g4k2v9x7q-5t1zr8",
        "status": "sealed", "account": "ada", "site": "plaza", "device": "desktop",
        "persona": "casual", "worker": "w-3f9c2a", "viewport": [1280, 800], "proxy": null,
        "started_at": "2026-11-21T09:00:00Z", "ended_at": "2026-11-21T09:00:10Z",
        "bytes": [10, 20], "counts": {"actions": 1, "failed": 1, "pictures": 2, "requests": 1},
    }))
    .expect("a head")
}

fn events() -> Vec<Value> {
    let point =
        |input: &str, x: f64| json!({"at_ms": x, "input": {"input": input, "x": x, "y": 9.0}});
    let gesture = json!([point("move", 1.0), point("move", 5.0), point("down", 5.0)]);
    let over = json!({"x": 0.0, "y": 0.0, "w": 10.0, "h": 12.0});
    vec![
        json!({"seq": 1, "t": 0.0, "type": "action_begin", "action": "a1", "kind": "like",
               "target": "post:7", "attempt": 2}),
        json!({"seq": 2, "t": 10.0, "type": "step_begin", "step": 1, "title": "open target"}),
        json!({"seq": 3, "t": 900.0, "type": "step_end", "step": 1, "error": null}),
        json!({"seq": 4, "t": 901.0, "type": "step_begin", "step": 2, "title": "do each"}),
        json!({"seq": 5, "t": 902.0, "type": "step_begin", "step": 3, "title": "click Like"}),
        json!({"seq": 6, "t": 903.0, "type": "picture", "label": "before", "blob": "b1"}),
        json!({"seq": 7, "t": 1500.0, "type": "gesture", "gesture": gesture, "over": over,
               "late_ms_max": 1.25}),
        json!({"seq": 8, "t": 7000.0, "type": "step_end", "step": 3, "error": "no such button"}),
        json!({"seq": 9, "t": 7001.0, "type": "step_end", "step": 2, "error": "no such button"}),
        json!({"seq": 10, "t": 7050.0, "type": "picture", "label": "failed", "blob": "b2"}),
        json!({"seq": 11, "t": 7060.0, "type": "action_end", "action": "a1", "outcome": "retry",
               "why": "no such button"}),
        json!({"seq": 12, "t": 7061.0, "type": "from_the_future", "what": 1}),
    ]
}

fn at(seq: Option<u64>) -> Review {
    let network = vec![Exchange { status: Some(404), duration_ms: 50.0, ..Exchange::default() }];
    let glance = Glance::default();
    let head = head();
    let recorded =
        Recorded { head: &head, events: events(), network, glance: &glance, quiet_ms: 0 };
    review(recorded, seq, Tab::Network, from_ms(1_763_716_000_000))
}

#[test]
fn steps_are_nested_and_carry_their_error() {
    let review = at(None);
    let action = &review.actions[0];
    assert_eq!((action.title.as_str(), action.attempt), ("like post:7", 2));
    let steps: Vec<_> =
        action.steps.iter().map(|step| (step.depth, step.error.is_some())).collect();
    assert_eq!(steps, [(0, false), (0, false), (1, true)]);
}

#[test]
fn without_a_wish_the_first_failure_is_shown() {
    let review = at(None);
    assert_eq!(review.at, 5);
    assert_eq!(review.stage.blob.as_deref(), Some("b2"));
    assert_eq!(review.stage.error.as_deref(), Some("no such button"));
}

#[test]
fn a_gesture_is_drawn_over_the_picture_of_its_step() {
    let stage = at(Some(5)).stage;
    assert_eq!(stage.marks.len(), 1);
    assert_eq!(stage.marks[0].path, "1.0,9.0 5.0,9.0 5.0,9.0");
    assert_eq!(stage.marks[0].presses.len(), 1);
    assert_eq!(stage.marks[0].over.map(|over| over.w), Some(10.0));
}

#[test]
fn a_picture_can_be_chosen_and_an_unknown_event_is_passed_over() {
    let review = at(Some(6));
    assert_eq!(review.stage.blob.as_deref(), Some("b1"));
    assert!(review.film[0].here && !review.film[1].here);
    assert!(review.actions[0].steps[2].here);
    assert_eq!(at(Some(999)).at, 5);
}

#[test]
fn idle_time_and_failures_are_on_the_bar() {
    let lane = at(None).lane;
    assert_eq!(lane.idle.len(), 1);
    assert_eq!(lane.ticks.len(), 4);
    assert!(lane.actions[0].bad);
}

#[test]
fn the_moments_can_be_walked_through() {
    let review = at(Some(2));
    assert_eq!((review.back, review.on, review.error), (Some(1), Some(4), Some(5)));
}
