# One image for every part: api, worker, beat and the migration of the store.
FROM python:3.12-slim AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN python -m venv /opt/nms-sentinel \
 && /opt/nms-sentinel/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY alerts alerts
COPY service service
# the build tool is not needed at run time: it stays in this stage
RUN pip install "setuptools>=77" \
 && pip wheel --no-deps --no-build-isolation -w /wheels . \
 && /opt/nms-sentinel/bin/pip install --no-deps /wheels/*.whl

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin sentinel \
 && install -d -o sentinel -g sentinel -m 0700 /data
COPY --from=build /opt/nms-sentinel /opt/nms-sentinel
ENV PATH=/opt/nms-sentinel/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NMS_SENTINEL_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["nms-sentinel"]
CMD ["api"]
