package dev.osteon.app.annotate;

import dev.osteon.app.Hashes;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.BoneSegment;
import dev.osteon.app.segment.BoneSegmenter;
import dev.osteon.app.segment.Embeddings;
import dev.osteon.app.segment.Mask;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.Step;
import dev.osteon.app.segment.auto.HandPrompts;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.sam.Embedding;
import dev.osteon.models.sam.SamDecoder;
import dev.osteon.models.sam.SamEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** What the annotator works with: radiographs, the prompts file, the model, and where exports go. */
public final class Workplace implements AutoCloseable {

    private final RadiographFolder radiographs;
    private final List<Path> files;
    private final PromptsStore store;
    private final SamEncoder encoder;
    private final SamDecoder decoder;
    /** Its own, so that a quick mask never waits for a decoder that works in the background. */
    private final SamDecoder quickDecoder;
    private final Embeddings embeddings;
    private final BoneSegmenter segmenter;
    private final BoneSegmenter quick;
    private final RightOfWay rightOfWay = new RightOfWay();
    private final Dispatcher.Registration registration = Dispatcher.listen(rightOfWay);
    private final EmbeddingQueue queue;
    private final Export export;
    private final Pictures pictures;

    /**
     * Opens all of it.
     *
     * @param prompts the file to work on; it is made with the first change if it is not there
     * @param out     folder for embeddings and exports
     * @throws dev.osteon.app.UserError when there is no image, or the prompts file is damaged
     */
    public Workplace(Path folder, Path prompts, Path out, SamFiles sam, Device device) throws IOException {
        radiographs = RadiographFolder.of(folder, out);
        files = List.copyOf(radiographs.images().values());
        pictures = new Pictures(image -> RadiographFolder.read(files.get(image)));
        store = new PromptsStore(prompts);
        encoder = SamEncoder.load(sam.encoder(), device);
        decoder = SamDecoder.load(sam.decoder(), device);
        quickDecoder = SamDecoder.load(sam.decoder(), device);
        embeddings = new Embeddings(encoder, Hashes.of(sam.encoder()), out.resolve("embeddings"));
        segmenter = new BoneSegmenter(embeddings, decoder, EnumSet.allOf(Step.class));
        quick = new BoneSegmenter(embeddings, quickDecoder, EnumSet.allOf(Step.class));
        queue = new EmbeddingQueue(image -> rightOfWay.behind(() -> embeddings.whole(image(image))),
                WarmUp.of(quick::preview));
        export = new Export(radiographs, out, sam, device, rightOfWay);
    }

    /** Number of radiographs; they have the numbers from 0. */
    int size() {
        return files.size();
    }

    PromptsStore store() {
        return store;
    }

    Export export() {
        return export;
    }

    /** Its path below the folder of images. */
    String name(int image) {
        return radiographs.relative(files.get(image));
    }

    GrayImage image(int image) throws IOException {
        return pictures.of(image);
    }

    /** Waits until an image is embedded, and has the next one embedded after it. */
    Embedding embedding(int image) throws IOException {
        CompletableFuture<Embedding> result = queue.first(image);
        if (image + 1 < files.size()) {
            queue.later(image + 1);
        }
        try {
            return result.join();
        } catch (CancellationException e) {
            throw new Refusal(409, "osteon annotate is being stopped");
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                default -> throw e;
            }
        }
    }

    /** A quick first mask, on a coarse grid; once the image is there and embedded, what else is computed waits. */
    Mask preview(int image, Map<Bone, BonePrompt> prompts, Bone bone) throws IOException {
        Embedding embedding = embedding(image);
        GrayImage picture = image(image);
        return rightOfWay.first(() -> quick.preview(picture, embedding, prompts, bone));
    }

    /** The mask that an export has, but for prompts of other bones that change later. */
    BoneSegment segment(int image, Map<Bone, BonePrompt> prompts, Bone bone) throws IOException {
        Embedding embedding = embedding(image);
        GrayImage picture = image(image);
        return rightOfWay.behind(() -> segmenter.segment(picture, embedding, prompts, bone));
    }

    Prompting.Placed automatic(int image) throws IOException {
        return new HandPrompts().place(name(image), image(image));
    }

    @Override
    public void close() {
        queue.close();
        export.close();
        encoder.close();
        decoder.close();
        quickDecoder.close();
        registration.close();
    }
}
