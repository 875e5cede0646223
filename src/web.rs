//! The faces that speak HTTP: pages for people, the API for programs, the desk for workers.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use walkon_core::bundle::Secret;

use self::access::Access;
use crate::coordinator::Coordinator;
use crate::shutdown::Shutdown;

pub mod access;
pub mod api;
pub mod assets;
pub mod chrome;
pub mod desk;
pub mod guard;
pub mod pages;
pub mod route;
pub mod view;

/// Serves until a soft stop; what runs is then answered first.
pub async fn serve(
    listener: TcpListener,
    coordinator: Coordinator,
    worker_token: Secret,
    options: access::Options,
    shutdown: &Shutdown,
) -> std::io::Result<()> {
    let access = Access::new(coordinator.clone(), options);
    let guard = from_fn_with_state(access.options.clone(), guard::guard);
    // The desk is outside the guard: workers call it by whatever name they know us.
    let app = pages::router(&access, shutdown)
        .merge(api::router(&access))
        .layer(guard)
        .merge(desk::router(Arc::new(coordinator), worker_token));
    let stop = shutdown.soft().clone();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}
