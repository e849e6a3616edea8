package dev.osteon.ssl.collapse;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Whether SwAV's prototypes still say anything.
 *
 * @param lossPerChance  loss / ln K: 1 is the loss of predicting all prototypes alike, and one that stays there is a
 *                       collapse
 * @param occupied       share of the prototypes that are some sample's first choice, at most n / K
 * @param effectiveShare exp of the entropy of the prototypes' total assignment, over K: 1 when all are used alike
 */
public record PrototypeUse(double lossPerChance, double occupied, double effectiveShare) {

    /**
     * @param meanLoss the loss with {@code Reduction.MEAN}
     * @param codes    q [n, K], K of 2 or more, as from {@code Swav.codesOf}, or softmax predictions p
     */
    public static PrototypeUse of(double meanLoss, Tensor codes) {
        if (codes.rank() != 2 || codes.dim(1) < 2) {
            throw new ShapeException("prototype use", codes.spec().toString(), "codes [n, K] with K of 2 or more");
        }
        int n = codes.dim(0);
        int k = codes.dim(1);
        double[] q = codes.toDoubles();
        double[] total = new double[k];
        boolean[] first = new boolean[k];
        for (int row = 0; row < n; row++) {
            int best = 0;
            for (int j = 0; j < k; j++) {
                total[j] += q[row * k + j] / n;
                best = q[row * k + j] > q[row * k + best] ? j : best;
            }
            first[best] = true;
        }
        double entropy = IntStream.range(0, k).mapToDouble(j -> total[j] == 0 ? 0 : -total[j] * Math.log(total[j]))
                .sum();
        double occupied = IntStream.range(0, k).filter(j -> first[j]).count() / (double) k;
        return new PrototypeUse(meanLoss / Math.log(k), occupied, Math.exp(entropy) / k);
    }
}
