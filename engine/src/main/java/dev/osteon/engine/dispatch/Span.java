package dev.osteon.engine.dispatch;

import java.util.Optional;

/**
 * A part of the work under a name, for observers: a step of training, one of its phases, a module of a network. Spans
 * nest on their thread. While nobody observes, opening one does nothing.
 *
 * <pre>{@code
 * try (Span span = Span.open(Span.Kind.PHASE, "backward")) { … }
 * }</pre>
 */
public final class Span implements AutoCloseable {

    /** What a span is of. */
    public enum Kind {
        /** One step of training. */
        STEP,
        /** What a step consists of: views, forward, loss, backward (and in it, recompute), optimizer. */
        PHASE,
        /** A module, by its full name. */
        MODULE
    }

    private static final ThreadLocal<Span> CURRENT = new ThreadLocal<>();
    private static final Span UNOBSERVED = new Span(Kind.PHASE, "", Optional.empty());

    private final Kind kind;
    private final String name;
    private final Optional<Span> outer;

    private Span(Kind kind, String name, Optional<Span> outer) {
        this.kind = kind;
        this.name = name;
        this.outer = outer;
    }

    /**
     * Opens a span on this thread, to be closed on it in the reverse order.
     *
     * @param name empty for no span
     */
    public static Span open(Kind kind, String name) {
        if (name.isEmpty() || !Dispatcher.isObserved()) {
            return UNOBSERVED;
        }
        Span span = new Span(kind, name, Optional.ofNullable(CURRENT.get()));
        CURRENT.set(span);
        Dispatcher.tell(listener -> listener.opened(span));
        return span;
    }

    /** The name of the innermost span of a kind that is open on this thread; empty if there is none. */
    public static String innermost(Kind kind) {
        Optional<Span> span = Optional.ofNullable(CURRENT.get());
        while (span.isPresent() && span.get().kind != kind) {
            span = span.get().outer;
        }
        return span.map(Span::name).orElse("");
    }

    public Kind kind() {
        return kind;
    }

    public String name() {
        return name;
    }

    @Override
    public void close() {
        if (this == UNOBSERVED) {
            return;
        }
        outer.ifPresentOrElse(CURRENT::set, CURRENT::remove);
        Dispatcher.tell(listener -> listener.closed(this));
    }
}
