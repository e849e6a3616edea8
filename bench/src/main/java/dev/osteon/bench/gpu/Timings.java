package dev.osteon.bench.gpu;

import static dev.osteon.bench.gpu.Comparison.number;

import dev.osteon.bench.gpu.Bench.Output;
import dev.osteon.bench.gpu.Comparison.Peer;
import dev.osteon.bench.gpu.Comparison.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** The parts that time, ours beside PyTorch's where that is here. */
final class Timings {

    private static final String TF32 = "-Dosteon.cuda.tf32=true";
    private static final String NO_GRAPHS = "-Dosteon.cuda.graphs=false";
    /** About as many as a step of a ResNet-50 has. */
    private static final int KERNELS = 700;
    private static final int SAM_BATCH = 8;
    private static final String EAGER = "pytorch";
    private static final String COMPILED = "pytorch compiled";
    private static final List<String> LOSSES = List.of("ntxent", "supcon", "swav", "sinkhorn", "vicreg", "larc");
    /** Floating-point operations of a training step for an image of 224²: three times the forward pass's 2 · 4.09e9. */
    private static final double STEP_FLOPS = 3 * 2 * 4.09e9;

    private Timings() {}

    /** Copies: GB/s, device to device counted as read and written. Gives the latter for the kernels. */
    static OptionalDouble bandwidth(Bench bench, Section section) {
        section.header("copy of " + bench.sizes().copyMib() + " MiB", "ms", "GB/s", "PyTorch");
        double[] measured = {0};
        try (Comparison comparison = new Comparison(bench)) {
            for (String route : List.of("d2d", "h2d", "d2h")) {
                section.attempt(() -> {
                    List<String> words = List.of("copy", route, String.valueOf(bench.sizes().copyMib()));
                    Result result = comparison.turns(section, words, List.of(new Peer(EAGER, words)));
                    double bytes = (double) (bench.sizes().copyMib() << 20) * (route.equals("d2d") ? 2 : 1);
                    double rate = bytes / result.millis() / 1e6;
                    measured[0] = route.equals("d2d") ? rate : measured[0];
                    section.fact(route, result.facts());
                    section.fact(route + " GB/s", rate);
                    section.row(route, number(result.millis()), number(rate), cells(result));
                });
            }
        }
        return measured[0] > 0 ? OptionalDouble.of(measured[0]) : OptionalDouble.empty();
    }

    private static String cells(Result result) {
        return String.join("; ", result.cells().entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList());
    }

    /** Square matrix products in three precisions. */
    static Section matmul(Bench bench) {
        Section section = new Section();
        int side = bench.sizes().matrix();
        section.header("product of " + side + "² matrices", "ms", "TFLOP/s", "PyTorch");
        try (Comparison plain = new Comparison(bench); Comparison tf32 = new Comparison(bench, TF32)) {
            for (String precision : List.of("bf16", "f32", "tf32")) {
                section.attempt(() -> {
                    List<String> words = List.of("matmul", String.valueOf(side), precision);
                    Result result = (precision.equals("tf32") ? tf32 : plain).turns(section, words,
                            List.of(new Peer(EAGER, words)));
                    double rate = 2.0 * side * side * side / result.millis() / 1e9;
                    section.fact(precision, result.facts());
                    section.fact(precision + " TFLOP/s", rate);
                    section.row(precision, number(result.millis()), number(rate), cells(result));
                });
            }
        }
        return section;
    }

    /** Training steps of a ResNet-50. */
    static Section steps(Bench bench, List<Integer> batches, Set<Integer> compiled) {
        Section section = new Section();
        section.line("Forward, cross-entropy, backward, SGD; channels-last. A ratio is PyTorch's time by ours, round "
                + "by round.");
        section.header("batch", "type", "ms", "images/s", "TFLOP/s", "GPU MiB", "PyTorch");
        int middle = batches.get(batches.size() / 2);
        try (Comparison plain = new Comparison(bench); Comparison tf32 = new Comparison(bench, TF32)) {
            for (int batch : batches) {
                section.attempt(() -> step(section, plain, bench, batch, "bf16", compiled.contains(batch)));
            }
            plain.drop(COMPILED);
            section.attempt(() -> step(section, plain, bench, middle, "f32", false));
            plain.close();
            section.attempt(() -> step(section, tf32, bench, middle, "tf32", false));
        }
        section.attempt(() -> single(section, bench, middle));
        return section;
    }

    private static void step(Section section, Comparison comparison, Bench bench, int batch, String type,
            boolean compiled) throws IOException {
        List<String> words = words(bench, batch, type);
        List<Peer> peers = new ArrayList<>(List.of(new Peer(EAGER, with(words, "eager"))));
        if (compiled) {
            peers.add(new Peer(COMPILED, with(words, "compiled")));
        }
        Result result = comparison.turns(section, words, peers);
        section.fact("batch " + batch + " " + type, result.facts());
        boolean whole = bench.scale() == Bench.Scale.FULL;
        section.row(batch, type, number(result.millis()), number(1e3 * batch / result.millis()),
                whole ? number(STEP_FLOPS * batch / result.millis() / 1e9) : "", peak(result), cells(result));
    }

    /** The same step operation by operation, and what is between the kernels of the recorded one. */
    private static void single(Section section, Bench bench, int batch) throws IOException {
        List<String> words = words(bench, batch, "bf16");
        try (Comparison recorded = new Comparison(bench); Comparison single = new Comparison(bench, NO_GRAPHS)) {
            Result eager = single.turns(section, words, List.of());
            section.fact("batch " + batch + " bf16, operation by operation", eager.facts());
            section.row(batch, "bf16, no graph", number(eager.millis()), number(1e3 * batch / eager.millis()), "",
                    peak(eager), "");
            double whole = recorded.turns(section, words, List.of()).millis();
            double gaps = recorded.turns(section, List.of("empty", String.valueOf(KERNELS)), List.of()).millis();
            section.fact("ms of " + KERNELS + " kernels with nothing to do, as one graph", gaps);
            section.line("");
            section.line(String.format(Locale.ROOT, "A graph of %d kernels with nothing to do takes %s ms, %.1f %% of "
                    + "a recorded step of batch %d, which has about as many: the GPU idles no more between its "
                    + "kernels.", KERNELS, number(gaps), 100 * gaps / whole, batch));
        }
    }

    private static List<String> words(Bench bench, int batch, String type) {
        return List.of("step", String.valueOf(batch), String.valueOf(bench.sizes().image()),
                String.valueOf(bench.sizes().width()), type);
    }

    /** The paper's pretext training. */
    static Section pretext(Bench bench) {
        Section section = new Section();
        Sizes sizes = bench.sizes();
        section.line("SimCLR in bf16 over 2 views of " + sizes.image() + "² and 4 of " + sizes.local() + "² of each of "
                + sizes.batch() + " segments: drawing, cutting, a ResNet-50 with its head, NT-Xent over all pairs, "
                + "LARC. An epoch is " + sizes.segments() + " segments. PyTorch draws plain views, cut on the GPU.");
        section.header("views", "ms", "views/s", "epoch s", "GPU MiB", "PyTorch");
        try (Comparison comparison = new Comparison(bench)) {
            for (String policy : List.of("plain", "extended")) {
                section.attempt(() -> {
                    List<String> words = new ArrayList<>(List.of("pretext"));
                    for (int number : List.of(sizes.batch(), sizes.image(), sizes.local(), sizes.width(),
                            sizes.segments())) {
                        words.add(String.valueOf(number));
                    }
                    words.add(policy);
                    Result result = comparison.turns(section, words, policy.equals("plain")
                            ? List.of(new Peer(EAGER, words)) : List.of());
                    double epoch = result.millis() / 1e3 * sizes.segments() / sizes.batch();
                    section.fact(policy, result.facts());
                    section.fact(policy + " seconds of an epoch", epoch);
                    section.row(policy, number(result.millis()), number(6e3 * sizes.batch() / result.millis()),
                            number(epoch), peak(result), cells(result));
                });
            }
        }
        return section;
    }

    /** The picture encoder of Segment Anything. */
    static Section sam(Bench bench, Optional<Path> encoder) {
        Section section = new Section();
        section.line("An encoder [b, 3, 1024, 1024] in ONNX, " + encoder.map(Path::getFileName).orElseThrow()
                + ", from an array on the device to one. PyTorch's side is always MobileSAM's encoder (TinyViT with "
                + "`scaled_dot_product_attention`), all of it in the type: beside another model its time says "
                + "nothing.");
        section.header("batch", "type", "ms", "pictures/s", "GPU MiB", "PyTorch");
        try (Comparison comparison = new Comparison(bench)) {
            for (String type : List.of("f32", "bf16")) {
                section.attempt(() -> sam(section, comparison, encoder.orElseThrow(), 1, type));
                section.attempt(() -> several(section, comparison, encoder.orElseThrow(), type));
            }
        }
        return section;
    }

    /** Files that were traced with one picture are common, and refuse more. */
    private static void several(Section section, Comparison comparison, Path encoder, String type) throws IOException {
        try {
            sam(section, comparison, encoder, SAM_BATCH, type);
        } catch (IOException e) {
            if (!(e.getCause() instanceof Worker.Refused refused) || !refused.getMessage().contains("expected")) {
                throw e;
            }
            section.row(SAM_BATCH, type, "", "", "", "not with this file: " + e.getMessage());
        }
    }

    private static void sam(Section section, Comparison comparison, Path encoder, int batch, String type)
            throws IOException {
        List<String> words = encoder(encoder, batch, type);
        Peer peer = new Peer(EAGER, List.of("sam", String.valueOf(batch), String.valueOf(GpuWorks.SAM_SIDE), type));
        Result result = comparison.turns(section, words, List.of(peer));
        section.fact("batch " + batch + " " + type, result.facts());
        section.row(batch, type, number(result.millis()), number(1e3 * batch / result.millis()), peak(result),
                cells(result));
    }

    private static List<String> encoder(Path file, int batch, String type) {
        return List.of("sam", file.toAbsolutePath().toString(), String.valueOf(batch), type);
    }

    private static List<String> with(List<String> words, String more) {
        List<String> all = new ArrayList<>(words);
        all.add(more);
        return all;
    }

    private static Object peak(Result result) {
        return result.facts().entrySet().stream().filter(e -> e.getKey().startsWith("osteon "))
                .map(e -> ((Map<?, ?>) e.getValue()).get("peak MiB")).findFirst().map(Object.class::cast).orElse("");
    }

    /** Losses with their gradients. */
    static Section losses(Bench bench) {
        Section section = new Section();
        int n = bench.sizes().samples();
        section.line("Two views of " + n + " samples, float32, forward and backward; PyTorch as the authors compose "
                + "it, eager, on other random embeddings. Ours is recorded, as in training; *no graph* is operation by "
                + "operation. `sinkhorn` is SwAV's codes alone; `larc` steps a ResNet-50.");
        section.header("loss", "ms", "no graph", "GPU MiB", "PyTorch");
        try (Comparison comparison = new Comparison(bench); Comparison single = new Comparison(bench, NO_GRAPHS)) {
            for (String loss : LOSSES) {
                section.attempt(() -> {
                    List<String> words = List.of("loss", loss, String.valueOf(n));
                    Result result = comparison.turns(section, words, List.of(new Peer(EAGER, words)));
                    section.fact(loss, result.facts());
                    Result eager = single.turns(section, words, List.of());
                    section.fact(loss + ", operation by operation", eager.facts());
                    section.row(loss, number(result.millis()), number(eager.millis()), peak(result), cells(result));
                });
            }
        }
        return section;
    }

    /** Every operation with a kernel of our own. */
    static Section kernels(Bench bench, OptionalDouble copy) throws IOException {
        Section section = new Section();
        Output output = bench.child("kernels", bench.scale().word(), String.valueOf(bench.rounds()));
        List<Map<String, Object>> rows = output.rows();
        section.line("Bytes and FLOPs are the operation's own account of the least it must do (`Op.cost`)" + (copy
                .isPresent() ? "; share is of the device-to-device copy, " + number(copy.getAsDouble()) + " GB/s" : "")
                + ". *ms* is one of up to 50 in a recording; *single* is one queued by itself, for which the host "
                + "takes *host*. What fits into the GPU's cache may come from there.");
        section.header("case", "type", "operands", "ms", "single", "host", "MB", "GFLOP", "GB/s", "share", "GFLOP/s");
        for (Map<String, Object> row : rows) {
            if (row.containsKey("failed")) {
                section.failed(row.get("case") + " " + row.get("type") + ": " + row.get("failed"));
                continue;
            }
            double ms = value(row, "median ms");
            double rate = value(row, "bytes") / ms / 1e6;
            row.put("GB/s", rate);
            row.put("GFLOP/s", value(row, "flops") / ms / 1e6);
            copy.ifPresent(peak -> row.put("share of copy", rate / peak));
            section.row(row.get("case"), row.get("type"), row.get("operands"), number(ms),
                    number(value(row, "single ms")), number(value(row, "host ms")), number(value(row, "bytes") / 1e6),
                    number(value(row, "flops") / 1e9), number(rate),
                    copy.isPresent() ? Math.round(100 * rate / copy.getAsDouble()) + " %" : "",
                    number(value(row, "GFLOP/s")));
        }
        section.fact("cases", rows);
        ended(section, output, rows.size() + " cases");
        return section;
    }

    /** Where the time of a training step goes, and of several pictures' encoding. */
    static Section profile(Bench bench, Optional<Path> encoder) {
        Section section = new Section();
        section.line("A ResNet-50 step of batch " + bench.sizes().batch() + " in bf16" + encoder.map(file ->
                ", and the encoder of " + SAM_BATCH + " pictures in bf16").orElse("")
                + ", operation by operation, by the device's clock.");
        section.attempt(() -> profile(section, bench, "step", words(bench, bench.sizes().batch(),
                "bf16")));
        encoder.ifPresent(file -> section.attempt(() -> profile(section, bench, "encoder", encoder(file, SAM_BATCH,
                "bf16"))));
        return section;
    }

    private static void profile(Section section, Bench bench, String name, List<String> work) throws IOException {
        List<String> child = new ArrayList<>(List.of("profile", bench.scale().word()));
        child.addAll(work);
        Output output = bench.child(child.toArray(String[]::new));
        List<Map<String, Object>> rows = output.rows();
        section.fact(name, rows);
        section.line("");
        section.line("The " + name + ":");
        section.header("operation and first operand", "calls", "ms", "GB/s", "TFLOP/s");
        rows.stream().limit(60).forEach(row -> section.row(row.get("operation"), row.get("calls"),
                number(value(row, "ms")), number(value(row, "bytes") / value(row, "ms") / 1e6),
                number(value(row, "flops") / value(row, "ms") / 1e9)));
        ended(section, output, rows.size() + " rows");
    }

    private static double value(Map<String, Object> row, String name) {
        return ((Number) row.get(name)).doubleValue();
    }

    private static void ended(Section section, Output output, String until) {
        if (output.late()) {
            section.failed("stopped after " + until + ", for the time was used up");
        } else if (output.exit() != 0) {
            section.failed("ended after " + until + " with exit status " + output.exit() + "; the log says why");
        }
    }

    /** Compiles PyTorch's steps, so that they come from its disk cache later. Gives the batches that are done. */
    static void compile(Bench bench, List<Integer> batches, Set<Integer> done) {
        try (Worker worker = bench.pytorch(COMPILED)) {
            for (int batch : batches) {
                worker.open("step", String.valueOf(batch), String.valueOf(bench.sizes().image()),
                        String.valueOf(bench.sizes().width()), "bf16", "compiled");
                done.add(batch);
            }
        } catch (IOException e) {
            System.err.println("PyTorch's compilation: " + e.getMessage());
        }
    }
}
