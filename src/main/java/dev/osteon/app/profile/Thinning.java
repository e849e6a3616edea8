package dev.osteon.app.profile;

import java.util.ArrayList;
import java.util.List;

/** A curve of memory with few enough points to draw, its highest ones among them. */
final class Thinning {

    private static final int POINTS = 1500;

    private Thinning() {}

    /** @param origin nanoseconds at which the curve's time is 0 */
    static List<Profile.MemoryPoint> of(List<Recorder.Memory> memory, long origin) {
        List<Profile.MemoryPoint> points = new ArrayList<>();
        int group = Math.max(1, Math.ceilDiv(memory.size(), POINTS));
        for (int from = 0; from < memory.size(); from += group) {
            Recorder.Memory highest = memory.get(from);
            for (int i = from; i < Math.min(memory.size(), from + group); i++) {
                highest = memory.get(i).bytes() > highest.bytes() ? memory.get(i) : highest;
            }
            points.add(new Profile.MemoryPoint((highest.at() - origin) / 1e9, highest.phase(), highest.bytes()));
        }
        return points;
    }
}
