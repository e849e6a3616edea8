package dev.osteon.models;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Module;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** An encoder, {@code backbone}, and the projection head on its features, {@code head}. */
public final class EncoderWithHead implements Module {

    private final ResNet backbone;
    private final ProjectionHead head;

    /** One whose encoder keeps its activations for the backward pass. */
    public EncoderWithHead(Initializer init, ResNetSpec backbone, ProjectionHead.Settings head) {
        this(init, backbone, head, Activations.KEPT);
    }

    /**
     * The weights do not depend on what becomes of activations.
     *
     * @param backbone    its classes are not used
     * @param activations of the encoder
     */
    public EncoderWithHead(Initializer init, ResNetSpec backbone, ProjectionHead.Settings head,
            Activations activations) {
        this.backbone = new ResNet(init.child("backbone"), backbone.withClasses(0), activations);
        this.head = new ProjectionHead(init.child("head"), head);
    }

    public ResNet backbone() {
        return backbone;
    }

    public ProjectionHead head() {
        return head;
    }

    /** Images [N, C, H, W] to embeddings [N, out], not normalised. */
    @Override
    public Tensor forward(Tensor x) {
        return forward(List.of(x));
    }

    /**
     * Multi-crop (Caron et al. 2020): one backbone pass per resolution, so that batch-norm statistics are per
     * resolution, and one head pass over all rows.
     *
     * @param resolutions images [N_r, C, H_r, W_r], one tensor per resolution
     * @return embeddings [Σ N_r, out], in the order given
     */
    public Tensor forward(List<Tensor> resolutions) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> features = new ArrayList<>();
            for (Tensor images : resolutions) {
                features.add(backbone.features(images));
            }
            Tensor all = features.size() == 1 ? features.getFirst() : Ops.concat(0, features);
            return scope.keep(head.forward(all));
        }
    }

    @Override
    public SequencedMap<String, Module> children() {
        SequencedMap<String, Module> children = new LinkedHashMap<>();
        children.put("backbone", backbone);
        children.put("head", head);
        return children;
    }

    @Override
    public String architecture() {
        return backbone.architecture() + " + " + head.architecture();
    }
}
