package dev.osteon.app.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Rows of a profile added up by something they have in common. */
record Grouping(String name, long count, double seconds, double forward, double backward, double flops, double bytes,
        double least) {

    static final String BACKWARD = "backward";

    /** The groups, the longest first. */
    static List<Grouping> of(Profile profile, Function<Profile.Row, String> by) {
        Map<String, Grouping> groups = new LinkedHashMap<>();
        for (Profile.Row row : profile.rows()) {
            boolean back = row.phase().equals(BACKWARD);
            boolean there = row.phase().equals("forward");
            groups.merge(by.apply(row), new Grouping(by.apply(row), row.count(), row.seconds(),
                    there ? row.seconds() : 0, back ? row.seconds() : 0, row.flops(), row.bytes(),
                    profile.peaks().least(row)), Grouping::plus);
        }
        List<Grouping> sorted = new ArrayList<>(groups.values());
        sorted.sort(Comparator.comparingDouble(Grouping::seconds).reversed());
        return sorted;
    }

    private Grouping plus(Grouping other) {
        return new Grouping(name, count + other.count, seconds + other.seconds, forward + other.forward,
                backward + other.backward, flops + other.flops, bytes + other.bytes, least + other.least);
    }

    /** The least time that this work can take here, over the time it took. */
    double shareOfRoof() {
        return seconds == 0 ? 0 : least / seconds;
    }

    /** Groups of a name's first parts: {@code layer1.0} of {@code backbone.layer1.0.conv1} without its last part. */
    static String block(String module) {
        int dot = module.lastIndexOf('.');
        return module.isEmpty() ? "outside of modules" : dot < 0 ? module : module.substring(0, dot);
    }
}
