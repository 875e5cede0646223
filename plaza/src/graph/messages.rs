//! Messages and conversations.

use axum::Json;
use serde_json::{Value, json};

use super::comments::perform;
use super::error::Error;
use super::params::Params;
use super::{Caller, written};
use crate::server::App;
use crate::world::World;
use crate::world::content::{Member, MemberId, Message};
use crate::world::perform::Effect;

/// Message ids begin so; the rest is the number.
const MESSAGE: &str = "aWdfZAG1plaza";
/// Thread ids begin so; the rest are the two members.
const THREAD: &str = "aWdfZAG06plaza";
/// Most messages listed of a thread.
const LISTED_MAX: usize = 50;

/// `POST /{user-id}/messages`
pub(crate) fn send(app: &App, caller: &Caller, params: &Params) -> Result<Json<Value>, Error> {
    let recipient = params.object("recipient").ok_or(Error::Missing("recipient"))?;
    let user_id = recipient["id"].as_str().ok_or(Error::Missing("recipient.id"))?.to_owned();
    let message = params.object("message").ok_or(Error::Missing("message"))?;
    let text = message["text"].as_str().ok_or(Error::Missing("message.text"))?.to_owned();
    let to = person(&app.world.lock(), &user_id)?;
    let done = perform(app, caller, Effect::SendDm { to, text })?;
    let id = format!("{MESSAGE}{}", done.id);
    Ok(Json(json!({ "recipient_id": user_id, "message_id": id })))
}

/// The caller's threads, the latest first; `user_id` finds one.
pub(crate) fn conversations(world: &World, caller: &Caller, params: &Params) -> Value {
    let with = params.text("user_id");
    let threads = world.inbox(caller.member).into_iter();
    let wanted = threads
        .filter(|(other, _)| with.as_deref().is_none_or(|id| world.member(*other).user_id() == id));
    let nodes = wanted.take(params.limit()).map(|(other, _)| thread(world, caller.member, other));
    let data: Vec<_> = nodes.map(|node| params.choose(&node, "id,updated_time")).collect();
    json!({ "data": data })
}

/// A message or a thread of the caller's.
pub(crate) fn read(world: &World, caller: &Caller, id: &str) -> Option<Value> {
    if let Some(number) = id.strip_prefix(MESSAGE) {
        let message = world.message(number.parse().ok()?)?;
        let is_mine = message.from == caller.member || message.to == caller.member;
        return is_mine.then(|| shape(world, message));
    }
    let (a, b) = id.strip_prefix(THREAD)?.split_once('x')?;
    let (a, b): (MemberId, MemberId) = (a.parse().ok()?, b.parse().ok()?);
    let other = if a == caller.member { b } else { a };
    let is_mine = (a == caller.member || b == caller.member) && other < world.members.len();
    is_mine.then(|| thread(world, caller.member, other))
}

/// What a message or thread shows when no fields are asked for.
pub(crate) fn defaults(id: &str) -> &'static str {
    if id.starts_with(MESSAGE) { "id,created_time" } else { "id,updated_time" }
}

fn thread(world: &World, me: MemberId, other: MemberId) -> Value {
    let all = world.thread(me, other);
    let latest = all.iter().rev().take(LISTED_MAX);
    let messages: Vec<Value> = latest.map(|m| shape(world, m)).collect();
    let people = [world.member(other), world.member(me)].map(person_node);
    json!({
        "id": format!("{THREAD}{}x{}", me.min(other), me.max(other)),
        "updated_time": all.last().map(|m| written(m.at)),
        "participants": { "data": people },
        "messages": { "data": messages },
    })
}

fn shape(world: &World, message: &Message) -> Value {
    json!({
        "id": format!("{MESSAGE}{}", message.id),
        "created_time": written(message.at),
        "from": person_node(world.member(message.from)),
        "to": { "data": [person_node(world.member(message.to))] },
        "message": message.text,
    })
}

fn person_node(member: &Member) -> Value {
    json!({ "id": member.user_id(), "username": member.username })
}

fn person(world: &World, user_id: &str) -> Result<MemberId, Error> {
    let place = Member::place_of(user_id).filter(|place| *place < world.members.len());
    place.ok_or(Error::NoSuchPerson)
}
