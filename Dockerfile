# Two images from one file:
#   docker build --target minitoolstream -t minitoolstream .
#   docker build --target tarantool -t minitoolstream-tarantool .
#
# Both are compiled here. When build/image exists (tools/image/prepare.sh makes it from build/release), what lies there is taken instead:
# it must have been built on the same Debian as BASE_IMAGE.
#
# BASE_IMAGE: Debian 12; compiles, and is under the Tarantool image.
# TARANTOOL_IMAGE: what is under it instead, for instance a Debian 12 that has Tarantool already.
ARG BASE_IMAGE=debian:bookworm-slim
ARG TARANTOOL_IMAGE

FROM ${BASE_IMAGE} AS build
WORKDIR /source
COPY . .
RUN bash tools/image/build.sh

# The program and the libraries it needs, no shell, no package manager.
FROM scratch AS minitoolstream
COPY --from=build /image/minitoolstream/ /
COPY --from=build --chown=65532:65532 /image/data /data
ENV MINITOOLSTREAM_DATA_DIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 50051 50052 3301
ENTRYPOINT ["/usr/bin/minitoolstream"]
CMD ["serve"]

FROM ${TARANTOOL_IMAGE:-${BASE_IMAGE}} AS tarantool
USER root
COPY --from=build /image/tarantool/ /
RUN /usr/lib/minitoolstream/install-tarantool
ENV MTS_LISTEN=0.0.0.0:3301 MTS_WORK_DIR=/var/lib/tarantool MTS_MODULE_DIR=/usr/lib/minitoolstream
USER 65532:65532
VOLUME /var/lib/tarantool
EXPOSE 3301
ENTRYPOINT []
CMD ["tarantool", "/usr/share/minitoolstream/init.lua"]
