#!/bin/sh
# The official image's own set-up step (its class is in Kafka's jar), then the broker itself.
# A container that is started again has its disk formatted already: no failure, as in that image.
set -eu
java -XX:TieredStopAtLevel=1 -cp "/opt/kafka/libs/*" kafka.docker.KafkaDockerWrapper setup \
  --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config \
  --final-configs-dir /opt/kafka/config >/tmp/setup.log 2>&1 ||
  grep -q "already formatted" /tmp/setup.log || { cat /tmp/setup.log; exit 1; }
exec java ${KAFKA_HEAP_OPTS:--Xmx512m -XX:TieredStopAtLevel=1} -cp "/opt/kafka/libs/*" \
  -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml \
  kafka.Kafka /opt/kafka/config/server.properties
