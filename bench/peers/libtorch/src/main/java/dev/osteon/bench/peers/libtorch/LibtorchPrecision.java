package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.clear_cache;
import static org.bytedeco.pytorch.global.torch.set_autocast_dtype;
import static org.bytedeco.pytorch.global.torch.set_autocast_enabled;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What a forward pass runs in: float32, or autocast to bfloat16. */
enum LibtorchPrecision {
    FLOAT32,
    BF16;

    static LibtorchPrecision named(String type) {
        return switch (type) {
            case "f32" -> FLOAT32;
            case "bf16" -> BF16;
            default -> throw new IllegalArgumentException("given type " + type + "; expected f32 or bf16");
        };
    }

    /** A network's result, in float32 whatever it ran in. */
    Tensor forward(Supplier<Tensor> network) {
        if (this == FLOAT32) {
            return network.get();
        }
        set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
        set_autocast_enabled(DeviceType.CPU, true);
        try {
            return network.get().to(ScalarType.Float);
        } finally {
            clear_cache();
            set_autocast_enabled(DeviceType.CPU, false);
        }
    }
}
