package dev.osteon.app.explain;

import dev.osteon.engine.autograd.Tape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What a {@link Walk} tells about itself while it computes. */
interface Steps {

    /** For a computation that nobody looks at. */
    Steps UNSEEN = (key, name, formula, text, shown) -> {};

    /**
     * A step is done.
     *
     * @param key of the lines marked {@code // step: key}
     */
    void add(String key, String name, String formula, String text, Supplier<List<Heat>> shown);

    /** Writes them down, with the lines of {@code source}. */
    record Written(Source source, List<Step> steps) implements Steps {

        Written(Source source) {
            this(source, new ArrayList<>());
        }

        @Override
        public void add(String key, String name, String formula, String text, Supplier<List<Heat>> shown) {
            steps.add(new Step(name, formula, text.strip().replaceAll("\\s+", " "), Tape.paused(shown),
                    source.step(key)));
        }
    }
}
