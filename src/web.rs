//! The faces that speak HTTP: pages for people, the API for programs, the desk for workers.

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use walkon_core::bundle::Secret;

use crate::coordinator::Coordinator;
use crate::shutdown::Shutdown;

pub mod api;
pub mod desk;

/// Serves until a soft stop; what runs is then answered first.
pub async fn serve(
    listener: TcpListener,
    coordinator: Coordinator,
    worker_token: Secret,
    shutdown: &Shutdown,
) -> std::io::Result<()> {
    let app = Router::new()
        .merge(api::router(coordinator.clone()))
        .merge(desk::router(Arc::new(coordinator), worker_token));
    let stop = shutdown.soft().clone();
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}
