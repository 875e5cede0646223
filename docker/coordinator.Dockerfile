# syntax=docker/dockerfile:1
# The coordinator: intake, desk, reaper, books and pages. It needs no browser.
#
# Build from the project's folder:
#   docker build -f docker/coordinator.Dockerfile -t walkon-coordinator .

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# Without the feature `demo`: no practice site, no fake browser and no practice proxies in images.
RUN cargo build --release --locked --no-default-features --bin walkon

FROM debian:bookworm-slim
# Debian's security updates must come in: versions are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates tini tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/walkon --shell /usr/sbin/nologin walkon \
    && install --directory --owner walkon --group walkon --mode 0711 /var/lib/walkon \
    && install --directory --owner walkon --group walkon --mode 0700 /var/lib/walkon/run
COPY --from=build /src/target/release/walkon /usr/local/bin/walkon
COPY behaviors /etc/walkon/behaviors
COPY profiles /etc/walkon/profiles
# Behaviors, profiles and accounts are looked for below the working folder.
WORKDIR /etc/walkon
USER 10001
ENV WALKON__DATA__FOLDER=/var/lib/walkon
VOLUME /var/lib/walkon
# The first SIGTERM is a soft stop. An init that reaps is there because nothing else is process 1.
ENTRYPOINT ["tini", "--", "walkon"]
CMD ["coordinator"]
