//! stand-in
use walkon_core::bundle::Proxy;
use walkon_core::dial::Dial;
#[derive(Debug)]
pub struct RelaySpec { pub origins: Vec<String>, pub proxy: Option<Proxy> }
#[derive(Debug)]
pub struct Relay;
#[derive(Debug, thiserror::Error)]
#[error("trouble")]
pub struct Trouble;
impl Trouble { pub fn code(&self) -> &'static str { "x" } }
impl Relay { pub fn new(_: RelaySpec) -> Result<Self, Trouble> { Ok(Self) } pub fn trouble(&self) -> Option<Trouble> { None } }
impl Dial for Relay { fn serve(&self, _: std::net::TcpListener) {} fn open(&self) {} fn shut(&self) {} fn bytes(&self) -> (u64,u64) {(0,0)} }
