package dev.osteon.ssl.data;

/**
 * What is to know of a segment without looking at its pixels.
 *
 * @param bone    number of its pixels other than 0
 * @param sum     of their levels, 0 to {@value Segment#WHITE}
 * @param squares sum of the squares of their levels
 */
public record SegmentSummary(int height, int width, int bone, long sum, long squares) {

    static SegmentSummary of(Segment segment) {
        int bone = 0;
        long sum = 0;
        long squares = 0;
        for (short unsigned : segment.levels()) {
            long level = unsigned & Segment.WHITE;
            bone += level == 0 ? 0 : 1;
            sum += level;
            squares += level * level;
        }
        return new SegmentSummary(segment.height(), segment.width(), bone, sum, squares);
    }
}
