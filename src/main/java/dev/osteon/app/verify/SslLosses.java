package dev.osteon.app.verify;

import static dev.osteon.ssl.loss.MultiCropLoss.Reduction.MEAN;
import static dev.osteon.ssl.loss.MultiCropLoss.Reduction.SUM;

import com.fasterxml.jackson.databind.JsonNode;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.MultiViewNtXent;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.PairLoss;
import dev.osteon.ssl.loss.SinkhornKnopp;
import dev.osteon.ssl.loss.SupCon;
import dev.osteon.ssl.loss.VicReg;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The families of self-supervised losses, but for SwAV's own. */
final class SslLosses {

    private SslLosses() {}

    static void register(Map<String, Family> families) {
        families.put("nt_xent", (golden, target, comparison) -> Layers.differentiate(golden, target, comparison,
                (c, t) -> new NtXent(c.number("temperature")).loss(t.get("z1"), t.get("z2"))));
        families.put("nt_xent_multiview_solo", (golden, target, comparison) -> Layers.differentiate(golden, target,
                comparison, (c, t) -> multiView(c, t.get("z"), t.get("indexes"))));
        families.put("supcon", (golden, target, comparison) -> Layers.differentiate(golden, target, comparison,
                (c, t) -> supCon(c).loss(views(Ops.permute(t.get("raw"), 1, 0, 2)), labels(c, target, t.get("raw")
                        .dim(0)))));
        families.put("vicreg", SslLosses::vicReg);
        families.put("swav_sinkhorn", (golden, target, comparison) -> comparison.check("out.q",
                new SinkhornKnopp(golden.number("epsilon"), golden.integer("iterations"))
                        .codes(golden.tensor("in.scores", target.device(), target.dtype())).toDoubles()));
        families.put("multicrop_general", SslLosses::multiCrop);
    }

    /** The pair loss that a case names in {@code method}, with its hyper-parameters and labels. */
    static PairLoss pairLoss(GoldenCase golden, Family.Target target) {
        String method = golden.hyper("method").asText();
        return switch (method) {
            case "simclr" -> new NtXent(golden.number("temperature"));
            case "supcon" -> supCon(golden).between(labels(golden, target, golden.integer("batch")));
            case "vicreg" -> vicReg(golden);
            default -> throw new EngineException("case " + golden.id() + ": given method " + method
                    + "; expected simclr, supcon or vicreg");
        };
    }

    private static SupCon supCon(GoldenCase golden) {
        JsonNode mode = golden.entry().path("hyper").path("contrast_mode");
        return new SupCon(golden.number("temperature"), golden.number("base_temperature"), mode.isTextual()
                ? SupCon.Anchors.valueOf(mode.asText().toUpperCase(Locale.ROOT)) : SupCon.Anchors.ALL);
    }

    private static Tensor labels(GoldenCase golden, Family.Target target, int samples) {
        JsonNode labels = golden.entry().path("hyper").path("labels");
        return labels.isArray() ? Tensor.of(target.device(), Shape.of(labels.size()),
                golden.integers("labels")) : SupCon.everySampleItsOwnClass(target.device(), samples);
    }

    /** [V, B, d] as V tensors [B, d]. */
    private static List<Tensor> views(Tensor z) {
        List<Tensor> views = new ArrayList<>();
        for (int v = 0; v < z.dim(0); v++) {
            views.add(Ops.reshape(Ops.slice(z, 0, v, 1), z.dim(1), z.dim(2)));
        }
        return views;
    }

    private static Tensor multiView(GoldenCase golden, Tensor z, Tensor indexes) {
        return new MultiViewNtXent(golden.number("temperature")).loss(z.reshape(-1, z.dim(2)), indexes);
    }

    private static VicReg vicReg(GoldenCase golden) {
        JsonNode epsilon = golden.entry().path("hyper").path("eps_in_sqrt");
        JsonNode given = golden.entry().path("hyper").path("sim_coeff");
        return given.isMissingNode() ? VicReg.OFFICIAL : new VicReg(given.asDouble(), golden.number("std_coeff"),
                golden.number("cov_coeff"), epsilon.asDouble(1e-4), VicReg.Branches.MEAN);
    }

    private static void vicReg(GoldenCase golden, Family.Target target, Comparison comparison) {
        VicReg loss = vicReg(golden);
        vicReg(golden, target, comparison, "loss", "", z -> loss.loss(z.getFirst(), z.getLast()));
        vicReg(golden, target, comparison, "invariance", "_invariance",
                z -> loss.terms(z.getFirst(), z.getLast()).invariance());
        vicReg(golden, target, comparison, "variance", "_variance",
                z -> loss.terms(z.getFirst(), z.getLast()).variance());
        vicReg(golden, target, comparison, "covariance", "_covariance",
                z -> loss.terms(z.getFirst(), z.getLast()).covariance());
    }

    private static void vicReg(GoldenCase golden, Family.Target target, Comparison comparison, String name,
            String suffix, Function<List<Tensor>, Tensor> term) {
        List<Tensor> z = List.of(golden.tensor("in.x", target.device(), target.dtype()),
                golden.tensor("in.y", target.device(), target.dtype()));
        try (Tape tape = Tape.watching(z)) {
            Tensor value = term.apply(z);
            comparison.check("out." + name, value.item());
            try (Gradients gradients = tape.gradients(value, z)) {
                comparison.check("grad.x" + suffix, gradients.of(z.getFirst()).toDoubles());
                comparison.check("grad.y" + suffix, gradients.of(z.getLast()).toDoubles());
            }
        }
    }

    private static void multiCrop(GoldenCase golden, Family.Target target, Comparison comparison) {
        Tensor z = golden.tensor("in.z", target.device(), target.dtype());          // [views, B, d]
        MultiCropLoss sum = new MultiCropLoss(pairLoss(golden, target), SUM);
        try (Tape tape = Tape.watching(z)) {
            List<Tensor> views = views(z);
            comparison.check("out.pair_losses", sum.terms(views).toDoubles());
            comparison.check("out.loss_mean", new MultiCropLoss(sum.pair(), MEAN).loss(views).item());
            Tensor loss = sum.loss(views);
            comparison.check("out.loss_sum", loss.item());
            try (Gradients gradients = tape.gradients(loss, List.of(z))) {
                comparison.check("grad.z", gradients.of(z).toDoubles());
            }
        }
    }
}
