package dev.osteon.nn;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Modules one after another. Names are {@code 0}, {@code 1}, … or the given ones. */
public final class Sequential implements Module {

    private final SequencedMap<String, Module> modules;

    public Sequential(SequencedMap<String, ? extends Module> modules) {
        this.modules = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(modules));
    }

    public static Sequential of(Module... modules) {
        SequencedMap<String, Module> numbered = new LinkedHashMap<>();
        for (int i = 0; i < modules.length; i++) {
            numbered.put(String.valueOf(i), modules[i]);
        }
        return new Sequential(numbered);
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor result = x;
        for (Module module : modules.values()) {
            // each step's own scope: without a tape, an intermediate is closed as soon as the next one exists
            try (TensorScope scope = TensorScope.open()) {
                Tensor next = scope.keep(module.forward(result));
                if (result != x && result != next) {
                    result.close();
                }
                result = next;
            }
        }
        return result;
    }

    @Override
    public SequencedMap<String, Module> children() {
        return modules;
    }
}
