package dev.osteon.models;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNetSpec.Block;
import dev.osteon.nn.BatchNorm;
import dev.osteon.nn.Conv2d;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Module;
import dev.osteon.nn.Sequential;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * relu(F(x) + shortcut(x)), F being two 3×3 convolutions or a 1×1, 3×3, 1×1 bottleneck, each with batch-norm; the last
 * batch-norm, the addition and the ReLU are one operation. The shortcut is a strided 1×1 convolution with batch-norm
 * where shapes differ, as torchvision's {@code downsample}.
 */
final class ResidualBlock implements Module {

    private final List<Unit> units = new ArrayList<>();
    private final Optional<Module> downsample;

    /** A convolution with its batch-norm and ReLU. */
    private record Unit(Conv2d convolution, BatchNorm norm) {}

    /** @param planes channels before the block's expansion */
    ResidualBlock(Initializer init, ResNetSpec spec, int in, int planes, int stride) {
        int out = planes * spec.block().expansion();
        if (spec.block() == Block.BASIC) {
            unit(init, in, planes, 3, stride);
            unit(init, planes, planes, 3, 1);
        } else {
            int inner = Math.max(1, planes * spec.groupWidth() / 64);
            unit(init, in, inner, 1, 1);
            unit(init, inner, inner, 3, stride);
            unit(init, inner, out, 1, 1);
        }
        if (stride == 1 && in == out) {
            downsample = Optional.empty();
        } else {
            Initializer d = init.child("downsample");
            downsample = Optional.of(Sequential.of(Conv2d.square(d.child("0"), in, out, 1, stride, 0),
                    new BatchNorm(d.child("1"), out, Activation.NONE)));
        }
    }

    private void unit(Initializer init, int in, int out, int kernel, int stride) {
        int number = units.size() + 1;
        units.add(new Unit(Conv2d.square(init.child("conv" + number), in, out, kernel, stride, kernel / 2),
                new BatchNorm(init.child("bn" + number), out, Activation.RELU)));
    }

    @Override
    public Tensor forward(Tensor x) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor h = x;
            for (Unit unit : units.subList(0, units.size() - 1)) {
                h = unit.norm.forward(unit.convolution.forward(h));
            }
            Unit last = units.getLast();
            Tensor shortcut = downsample.isPresent() ? downsample.get().forward(x) : x;
            return scope.keep(last.norm.forward(last.convolution.forward(h), shortcut));
        }
    }

    @Override
    public SequencedMap<String, Module> children() {
        SequencedMap<String, Module> children = new LinkedHashMap<>();
        for (int i = 0; i < units.size(); i++) {
            children.put("conv" + (i + 1), units.get(i).convolution);
            children.put("bn" + (i + 1), units.get(i).norm);
        }
        downsample.ifPresent(d -> children.put("downsample", d));
        return children;
    }
}
