# syntax=docker/dockerfile:1
# docker build -t rapporteur .      docker run --read-only --tmpfs /tmp -v rapporteur:/data --env-file .env rapporteur

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN pip install --no-cache-dir "uv>=0.8,<1"
COPY . .
# what Chroma declares and never imports here stays out: a third of the size
RUN uv venv /opt/rapporteur \
    && VIRTUAL_ENV=/opt/rapporteur uv pip install --no-cache --compile-bytecode --constraint constraints.txt \
        --override deploy/overrides.txt ".[postgres,openai,anthropic,ollama,otel]"

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 rapporteur && useradd --uid 10001 --gid 10001 --home-dir /data --create-home rapporteur
COPY --from=build /opt/rapporteur /opt/rapporteur
ENV PATH=/opt/rapporteur/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    RETRIEVAL_STORE_DIR=/data/store \
    RETRIEVAL_METRICS_PORT=9464 \
    RETRIEVAL_METRICS_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9464
# the first start reads the corpus before it connects
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9464/healthz', timeout=8)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["rapporteur"]
CMD ["run"]
