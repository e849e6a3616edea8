package dev.osteon.engine.tensor;

/**
 * Where tensors live and kernels run.
 *
 * @param kind    the backend
 * @param ordinal which device of that kind, from 0
 */
public record Device(Kind kind, int ordinal) {

    /** The backends. */
    public enum Kind { REFERENCE, ONEDNN, CUDA }

    /** Plain loops, float64 capable: the executable specification. */
    public static final Device REFERENCE = new Device(Kind.REFERENCE, 0);

    /** oneDNN and our own vectorised kernels on the host's cores. */
    public static final Device CPU = new Device(Kind.ONEDNN, 0);

    /** Whether buffers are ordinary memory of this process. */
    public boolean isHost() {
        return kind != Kind.CUDA;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case REFERENCE -> "reference";
            case ONEDNN -> "cpu";
            case CUDA -> "cuda:" + ordinal;
        };
    }
}
