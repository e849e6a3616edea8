package dev.osteon.app.profile;

import dev.osteon.engine.op.Cost;
import jdk.jfr.Category;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** An operation of the engine, in a JFR recording. It stands at its end; {@code took} is its duration. */
@Name("dev.osteon.Operation")
@Label("Operation")
@Category("Osteon")
@StackTrace(false)
@Enabled(false)
final class OperationEvent extends Event {

    @Label("Operation")
    private String operation;
    @Label("Shapes")
    private String shapes;
    @Label("Phase")
    private String phase;
    @Label("Module")
    private String module;
    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    private long took;
    @Label("FLOPs")
    private double flops;
    @Label("Bytes")
    private double bytes;

    static void commit(String operation, String shapes, String phase, String module, long nanos, Cost cost) {
        OperationEvent event = new OperationEvent();
        if (event.isEnabled()) {
            event.operation = operation;
            event.shapes = shapes;
            event.phase = phase;
            event.module = module;
            event.took = nanos;
            event.flops = cost.flops();
            event.bytes = cost.bytes();
            event.commit();
        }
    }
}
