# MinIO as tools/install_minio.sh builds it, for the test.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY minio /usr/bin/minio
ENTRYPOINT ["/usr/bin/minio"]
