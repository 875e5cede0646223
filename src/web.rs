//! The faces that speak HTTP: pages for people, the API for programs, the desk for workers.

use std::sync::Arc;

use axum::middleware::from_fn;
use tokio::net::TcpListener;
use walkon_core::bundle::Secret;

use crate::coordinator::Coordinator;
use crate::shutdown::Shutdown;

pub mod api;
pub mod assets;
pub mod chrome;
pub mod desk;
pub mod guard;
pub mod pages;
pub mod signatures;
pub mod view;

/// Serves until a soft stop; what runs is then answered first.
pub async fn serve(
    listener: TcpListener,
    coordinator: Coordinator,
    worker_token: Secret,
    shutdown: &Shutdown,
) -> std::io::Result<()> {
    // The desk is outside the guard: workers call it by whatever name they know us. So is the list
    // of keys, which is for everybody.
    let app = pages::router(coordinator.clone(), shutdown)
        .merge(api::router(coordinator.clone()))
        .layer(from_fn(guard::guard))
        .merge(signatures::router(coordinator.clone()))
        .merge(desk::router(Arc::new(coordinator), worker_token));
    let stop = shutdown.soft().clone();
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}
