# Pin the base by digest in a release: --build-arg BASE=python:3.13-slim-trixie@sha256:...
# Any base does that has glibc, apt and a python3 of 3.11 or newer with venv. A scan is as safe as the git in it.
ARG BASE=python:3.13-slim-trixie

# --- build: the environment, from the hashed lock alone ---------------------------------------------------------------
FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/nhi-agent
WORKDIR /src
COPY requirements.lock ./
RUN /opt/nhi-agent/bin/python -m pip install --quiet --require-hashes --only-binary :all: --no-deps -r requirements.lock
COPY . ./
RUN /opt/nhi-agent/bin/python -m pip install --quiet --no-deps --no-build-isolation . \
 && /opt/nhi-agent/bin/python -m pip uninstall --quiet --yes editables hatchling pluggy trove-classifiers \
 && /opt/nhi-agent/bin/python -m pip check \
 && /opt/nhi-agent/bin/python -m pip uninstall --quiet --yes pip \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/nhi-agent

# --- the image --------------------------------------------------------------------------------------------------------
FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --quiet --no-install-recommends ca-certificates git openssh-client tini \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin nhi-agent \
 && install --directory --owner 10001 --group 10001 --mode 0750 /data \
 && install --directory --owner 10001 --group 10001 --mode 0700 /keys \
 # Official Python images come without compiled modules, and nothing can be written here later.
 && python3 -m compileall -q -j 0 -x site-packages --invalidation-mode unchecked-hash \
      "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/nhi-agent /opt/nhi-agent

# The store and the key that its fingerprints depend on lie on two mounts: whoever copies one does not have the other.
ENV PATH=/opt/nhi-agent/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NHI_AGENT_STORE=sqlite:////data/nhi-agent.db \
    NHI_AGENT_KEY_FILE=/keys/nhi-agent.key
VOLUME ["/data", "/keys"]
WORKDIR /data
USER 10001:10001

ARG BASE
ARG BASE_DIGEST=""
ARG CREATED=""
ARG REVISION=""
ARG SOURCE=""
ARG VERSION=""
LABEL org.opencontainers.image.title="nhi-agent" \
      org.opencontainers.image.description="Finds non-human identities and leaked secrets, and keeps the evidence" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.base.digest="${BASE_DIGEST}"

# A job, not a service: no port and no health check. tini passes signals on and reaps what a killed worker leaves.
ENTRYPOINT ["/usr/bin/tini", "--", "nhi-agent"]
CMD ["--help"]
