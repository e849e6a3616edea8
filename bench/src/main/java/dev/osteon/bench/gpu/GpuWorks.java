package dev.osteon.bench.gpu;

import dev.osteon.bench.Work;
import dev.osteon.bench.gpu.QueuedWork.Body;
import dev.osteon.bench.loss.OsteonLosses;
import dev.osteon.bench.step.OsteonStep;
import dev.osteon.bench.step.PretextWork;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.cuda.Copies;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNetSpec;
import dev.osteon.models.sam.SamEncoder;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.views.ExtendedMultiCrop;
import dev.osteon.ssl.views.MultiCrop;
import dev.osteon.ssl.views.ViewPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Our side of what is timed beside PyTorch, by the words that {@code gpu_peer.py} takes too.
 *
 * <pre>
 * copy d2d|h2d|d2h MIB       matmul SIDE f32|tf32|bf16
 * step BATCH IMAGE WIDTH f32|tf32|bf16       loss ntxent|supcon|swav|sinkhorn|vicreg|larc SAMPLES
 * pretext BATCH GLOBAL LOCAL WIDTH SEGMENTS plain|extended       sam FILE BATCH f32|bf16       empty KERNELS
 * </pre>
 *
 * TF32 is allowed or not for the whole process ({@code osteon.cuda.tf32}).
 */
record GpuWorks(Backend backend, Sizes sizes) implements WorkServer.Opener {

    /** Pixels on a side of a picture for Segment Anything. */
    static final int SAM_SIDE = 1024;

    @Override
    public ServedWork open(List<String> words) throws IOException {
        return new QueuedWork("osteon " + String.join(" ", words), backend, body(words), sizes.turnMillis());
    }

    /** The work itself, which the caller closes. */
    Body body(List<String> words) throws IOException {
        return switch (words.getFirst()) {
            case "copy" -> copy(words.get(1), Long.parseLong(words.get(2)) << 20);
            case "matmul" -> product(Integer.parseInt(words.get(1)), type(words.get(2)));
            case "step" -> step(Integer.parseInt(words.get(1)), Integer.parseInt(words.get(2)),
                    Integer.parseInt(words.get(3)), type(words.get(4)));
            case "pretext" -> pretext(words);
            case "sam" -> sam(Path.of(words.get(1)), Integer.parseInt(words.get(2)), type(words.get(3)));
            case "empty" -> empty(Integer.parseInt(words.get(1)));
            case "loss" -> loss(words.get(1), Integer.parseInt(words.get(2)));
            default -> throw new EngineException("given work " + words + "; expected copy, matmul, step, pretext, "
                    + "sam, empty or loss");
        };
    }

    private static DType type(String precision) {
        boolean tf32 = Boolean.getBoolean("osteon.cuda.tf32");
        if (!precision.equals("bf16") && tf32 != precision.equals("tf32")) {
            throw new EngineException("given " + precision + " and -Dosteon.cuda.tf32=" + tf32 + "; expected one");
        }
        return precision.equals("bf16") ? DType.BF16 : DType.F32;
    }

    private Body copy(String route, long bytes) {
        Copies copies = Copies.on(backend, switch (route) {
            case "d2d" -> Copies.Route.DEVICE_TO_DEVICE;
            case "h2d" -> Copies.Route.HOST_TO_DEVICE;
            case "d2h" -> Copies.Route.DEVICE_TO_HOST;
            default -> throw new EngineException("given copy " + route + "; expected d2d, h2d or d2h");
        }, bytes);
        return new Body(copies::queue, () -> 0, copies::close);
    }

    private Body product(int side, DType type) {
        TensorScope scope = TensorScope.open();
        Tensor a = matrix(side, 1).to(type);
        Tensor b = matrix(side, 2).to(type);
        return new Body(() -> {
            try (TensorScope temporary = TensorScope.open()) {
                Ops.matmul(a, b);
            }
        }, () -> 0, scope::close);
    }

    /** Normal numbers, of which a row is made at random and the others are it, turned round. */
    private Tensor matrix(int side, long seed) {
        Philox random = Philox.of(seed);
        float[] row = new float[2 * side];
        for (int i = 0; i < side; i++) {
            row[i] = (float) random.nextGaussian();
            row[side + i] = row[i];
        }
        float[] values = new float[side * side];
        for (int i = 0; i < side; i++) {
            System.arraycopy(row, i, values, i * side, side);
        }
        return Tensor.of(backend.device(), Shape.of(side, side), values);
    }

    private Body step(int batch, int image, int width, DType type) {
        Optional<DType> autocast = type == DType.F32 ? Optional.empty() : Optional.of(type);
        OsteonStep step = new OsteonStep(backend.device(), autocast, ResNetSpec.resnet50().withWidth(width), batch,
                image);
        return new Body(step::step, step::loss, step::close);
    }

    private Body pretext(List<String> words) {
        List<Integer> numbers = words.subList(1, 6).stream().map(Integer::valueOf).toList();
        MultiCrop plain = PretextWork.crops(numbers.get(1), numbers.get(2));
        ViewPolicy views = words.get(6).equals("extended")
                ? new ExtendedMultiCrop(plain, ExtendedMultiCrop.PAPER_SHARE, 20) : plain;
        PretextWork work = new PretextWork(backend.device(), new PretextWork.Setting(numbers.get(0), views,
                numbers.get(3), numbers.get(4), TrainingPrecision.BF16));
        return new Body(work::step, work::loss, work::close);
    }

    /** A model of one input [b, 3, 1024, 1024]. */
    private Body sam(Path file, int batch, DType type) throws IOException {
        SamEncoder encoder = SamEncoder.load(file, backend.device());
        TensorScope scope = TensorScope.open();
        Shape shape = Shape.of(batch, 3, SAM_SIDE, SAM_SIDE);
        Tensor picture = Tensor.of(backend.device(), shape, new float[Math.toIntExact(shape.size())]);
        Runnable encode = () -> {
            try (TensorScope temporary = TensorScope.open()) {
                encoder.encode(picture);
            }
        };
        return new Body(type == DType.F32 ? encode : () -> Dispatcher.autocast(type, encode), () -> 0, () -> {
            scope.close();
            encoder.close();
        });
    }

    /** A graph of kernels with next to nothing to do: what is between the kernels of a recorded step, and no more. */
    private Body empty(int kernels) {
        TensorScope scope = TensorScope.open();
        Tensor one = Tensor.of(backend.device(), Shape.of(1), 1f);
        Body graph = Body.recorded(backend, () -> {
            try (TensorScope temporary = TensorScope.open()) {
                Tensor x = one;
                for (int i = 0; i < kernels; i++) {
                    x = x.mul(0.5);
                }
            }
        });
        return new Body(graph.queue(), graph.number(), () -> {
            graph.close().run();
            scope.close();
        });
    }

    private Body loss(String name, int samples) {
        OsteonLosses losses = new OsteonLosses(backend.device());
        Work work = switch (name.toLowerCase(Locale.ROOT)) {
            case "ntxent" -> losses.ntXent(samples);
            case "supcon" -> losses.supCon(samples);
            case "swav" -> losses.swav(samples);
            case "sinkhorn" -> losses.sinkhorn(samples);
            case "vicreg" -> losses.vicReg(samples);
            case "larc" -> losses.larc();
            default -> throw new EngineException("given loss " + name + "; expected ntxent, supcon, swav, sinkhorn, "
                    + "vicreg or larc");
        };
        Work.Outcome outcome = work.outcome().orElseThrow();
        double number = outcome.value() == 0 ? outcome.norm() : outcome.value();
        return new Body(work::run, () -> number, work::close);
    }
}
