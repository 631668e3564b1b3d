import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

/** Kafka's counterpart of gobench/main.go: same works, same options, same output. */
public class KafkaBench {
    static final Map<String, String> opt = new HashMap<>(Map.of("addr", "127.0.0.1:19092", "work", "pub", "stream", "bench",
        "size", "256", "n", "0", "batch", "500", "rate", "1000", "warm", "1", "secs", "6", "maxmb", "4000"));
    static { opt.put("linger", "5"); opt.put("batchbytes", "1048576"); opt.put("t0", ""); }

    static int num(String k) { return Integer.parseInt(opt.get(k)); }
    static long nanos(String k) { return (long) (Double.parseDouble(opt.get(k)) * 1e9); }
    static void figure(String metric, double v, String unit) { System.out.printf(Locale.ROOT, "%s %.6g %s%n", metric, v, unit); }
    static void die(Exception e) { if (e != null) { e.printStackTrace(); Runtime.getRuntime().halt(1); } }

    static void print(List<Long> d) {
        Collections.sort(d);
        for (int q : new int[] {50, 99}) figure("latency_p" + q, d.get((int) (q / 100.0 * (d.size() - 1))) / 1e6, "ms");
        figure("latency_max", d.get(d.size() - 1) / 1e6, "ms");
    }

    static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", opt.get("addr"), "reconnect.backoff.ms", "5", "reconnect.backoff.max.ms", "20",
            "retry.backoff.ms", "5", "retry.backoff.max.ms", "20"));
    }

    static void reset(Admin a) throws Exception {
        try { a.deleteTopics(List.of(opt.get("stream"))).all().get(); } catch (ExecutionException e) { /* was not there */ }
        for (int i = 0; ; i++) try {
            a.createTopics(List.of(new NewTopic(opt.get("stream"), 1, (short) 1))).all().get();
            return;
        } catch (ExecutionException e) { if (i == 100) throw e; Thread.sleep(50); } // the old one is still going
    }

    static KafkaProducer<byte[], byte[]> producer(String linger) {
        return new KafkaProducer<>(Map.of("bootstrap.servers", opt.get("addr"), "acks", "all", "linger.ms", linger,
            "batch.size", opt.get("batchbytes"), "buffer.memory", "67108864", "max.request.size", "8388608", "max.block.ms", "60000"),
            new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> consumer(String group) {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", opt.get("addr"), "group.id", group, "enable.auto.commit", "false",
            "auto.offset.reset", "earliest", "max.poll.records", opt.get("batch"), "max.partition.fetch.bytes", "8388608", "fetch.max.wait.ms", "100"),
            new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static int blast(KafkaProducer<byte[], byte[]> p, byte[] data, long until, long max) {
        int sent = 0;
        ProducerRecord<byte[], byte[]> r = new ProducerRecord<>(opt.get("stream"), data);
        for (; sent < max && System.nanoTime() < until; sent++) p.send(r, (m, e) -> die(e));
        p.flush(); // every ack is in
        return sent;
    }

    interface Send { void at(int i, long t0) throws Exception; }

    static void pace(int count, Send s) throws Exception {
        long start = System.nanoTime(), step = 1_000_000_000L / num("rate");
        for (int i = 0; i < count; i++) {
            long due = start + i * step, now;
            while ((now = System.nanoTime()) < due) LockSupport.parkNanos(due - now);
            s.at(i, now - due > 1_000_000 ? due : now); // no coordinated omission
        }
    }

    public static void main(String[] args) throws Exception {
        for (int i = 0; i + 1 < args.length; i += 2) opt.put(args[i].substring(1), args[i + 1]);
        new Timer(true).schedule(new TimerTask() { public void run() { die(new Exception("took over 170 s")); } }, 170_000);
        String work = opt.get("work"), topic = opt.get("stream");
        byte[] data = new byte[num("size")];
        new Random(1).nextBytes(data); // not compressible
        int skip = (int) (nanos("warm") * num("rate") / 1_000_000_000L), total = skip + (int) (nanos("secs") * num("rate") / 1_000_000_000L);
        List<Long> lat = Collections.synchronizedList(new ArrayList<>(1 << 20));
        ProducerRecord<byte[], byte[]> rec = new ProducerRecord<>(topic, data);
        if (work.equals("ready")) { ready(); return; }
        try (Admin a = admin(); KafkaProducer<byte[], byte[]> p = producer(work.equals("pub") || work.equals("load") ? opt.get("linger") : "0")) {
            if (!work.equals("consume")) reset(a);
            switch (work) {
                case "pub": {
                    blast(p, data, System.nanoTime() + nanos("warm"), Long.MAX_VALUE);
                    long start = System.nanoTime();
                    int n = blast(p, data, start + nanos("secs"), num("maxmb") * 1_000_000L / data.length);
                    double d = (System.nanoTime() - start) / 1e9;
                    figure("throughput", n / d, "msg/s");
                    figure("throughput_mb", n * (double) data.length / 1e6 / d, "MB/s");
                    reset(a); // or the deletion of gigabytes would fall into the next measurement
                    Thread.sleep(1500);
                    break;
                }
                case "load": {
                    long start = System.nanoTime();
                    blast(p, data, start + 150_000_000_000L, num("n"));
                    if (end(a) != num("n")) throw new Exception("not all loaded");
                    figure("load_throughput", num("n") / ((System.nanoTime() - start) / 1e9), "msg/s");
                    break;
                }
                case "seq": {
                    long from = System.nanoTime() + nanos("warm"), until = from + nanos("secs");
                    for (long t = System.nanoTime(), now; t < until; t = now) {
                        p.send(rec).get();
                        now = System.nanoTime();
                        if (t > from) lat.add(now - t);
                    }
                    int n = lat.size();
                    print(lat);
                    figure("throughput", n / (nanos("secs") / 1e9), "msg/s");
                    break;
                }
                case "rate":
                    pace(total, (i, t0) -> p.send(rec, (m, e) -> { die(e); if (i >= skip) lat.add(System.nanoTime() - t0); }));
                    p.flush();
                    print(lat);
                    break;
                case "consume": {
                    // The group's join (a fixed cost of seconds) is not counted: the clock starts when the partition is assigned.
                    try (KafkaConsumer<byte[], byte[]> c = consumer("g" + System.nanoTime())) {
                        boolean[] assigned = {false};
                        c.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                            public void onPartitionsAssigned(Collection<TopicPartition> ps) { assigned[0] = true; c.pause(ps); }
                            public void onPartitionsRevoked(Collection<TopicPartition> ps) {}
                        });
                        while (!assigned[0]) c.poll(Duration.ofMillis(20));
                        c.resume(c.assignment());
                        long start = System.nanoTime(), bytes = 0;
                        int got = 0;
                        while (got < num("n")) {
                            ConsumerRecords<byte[], byte[]> rs = c.poll(Duration.ofSeconds(5));
                            for (ConsumerRecord<byte[], byte[]> r : rs) bytes += r.value().length;
                            got += rs.count();
                            if (rs.isEmpty()) continue;
                            c.commitAsync();
                        }
                        c.commitSync();
                        double d = (System.nanoTime() - start) / 1e9;
                        figure("throughput", got / d, "msg/s");
                        figure("throughput_mb", bytes / 1e6 / d, "MB/s");
                    }
                    break;
                }
            }
        }
    }

    static long end(Admin a) throws Exception {
        TopicPartition tp = new TopicPartition(opt.get("stream"), 0);
        return a.listOffsets(Map.of(tp, OffsetSpec.latest())).partitionResult(tp).get(5, TimeUnit.SECONDS).offset();
    }

    static void ready() throws Exception {
        Path f = Path.of(opt.get("t0"));
        while (!Files.exists(f) || Files.readString(f).isBlank()) Thread.sleep(1); // bounded by the 170 s above
        long t0 = Long.parseLong(Files.readString(f).trim());
        try (Admin a = admin()) {
            while (true) try { if (end(a) == num("n")) break; } catch (Exception e) { Thread.sleep(2); }
        }
        java.time.Instant now = java.time.Instant.now();
        figure("restart_to_ready", (now.getEpochSecond() * 1_000_000_000L + now.getNano() - t0) / 1e6, "ms");
    }
}
