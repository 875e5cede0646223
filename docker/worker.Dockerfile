# syntax=docker/dockerfile:1
# A worker with a browser. It knows one address, the coordinator's, and shows a worker token there.
#
# Build from the project's folder:
#   docker build -f docker/worker.Dockerfile -t walkon-worker .

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# Without the feature `demo`: no practice site, no fake browser and no practice proxies in images.
RUN cargo build --release --locked --no-default-features --bin walkon

FROM debian:bookworm-slim
# The fonts are what pages are read and recorded in; without them letters are boxes.
# Debian's security updates must come in: versions are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates chromium-headless-shell libnss3-tools fonts-liberation fonts-noto-color-emoji \
        fonts-noto-core tini tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/walkon --shell /usr/sbin/nologin walkon \
    && install --directory --owner walkon --group walkon --mode 0711 /var/lib/walkon \
    && install --directory --owner walkon --group walkon --mode 0700 /run/walkon-token
COPY --from=build /src/target/release/walkon /usr/local/bin/walkon
# Worker and browser are the same unprivileged user: nothing here is ever root. Chrome's own sandbox
# and the network jail need user namespaces; compose.yaml says how to allow them.
USER 10001
WORKDIR /var/lib/walkon
ENV WALKON__DATA__FOLDER=/var/lib/walkon
VOLUME /var/lib/walkon
# An init that reaps: a browser's orphaned helpers become children of process 1.
ENTRYPOINT ["tini", "--", "walkon"]
CMD ["worker"]
