package dev.osteon.app.phantom;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Subject.Exposure;
import org.apache.commons.math3.distribution.NormalDistribution;

/**
 * From attenuation to a radiograph: Beer-Lambert's law I = I0 exp(-sum mu t), the detector's blur, photon noise, and
 * the display levels that a digital radiography system chooses, here from the bones, as its exposure recognition
 * does: the logarithm of the signal, windowed, then a gamma curve.
 */
final class Detector {
    /** Levels below are clipped: never zero, which in a bone segment means "outside the mask". */
    private static final int DARKEST = 512;
    private static final int QUANTILES = 1 << 14;
    private static final float[] NORMAL_QUANTILE = new float[QUANTILES];
    /** Below this mean the Poisson distribution is drawn exactly, above by its normal limit. */
    private static final double FEW_PHOTONS = 40;
    private static final int CURVE_STEPS = 8192;

    static {
        NormalDistribution normal = new NormalDistribution(null, 0, 1);
        for (int i = 0; i < QUANTILES; i++) {
            NORMAL_QUANTILE[i] = (float) normal.inverseCumulativeProbability((i + 0.5) / QUANTILES);
        }
    }

    private Detector() {
    }

    /**
     * @param map attenuation and masks; its attenuation array is used up
     * @return 16-bit radiograph, bone bright
     */
    static GrayImage expose(AttenuationMap map, Subject subject, PhantomConfig config) {
        Exposure exposure = subject.exposure();
        float[] signal = map.attenuation();
        double photons = exposure.photonsPerMm2() * config.pixelMm() * config.pixelMm();
        for (int i = 0; i < signal.length; i++) {
            signal[i] = signal[i] == 0 ? 1 : (float) Math.exp(-signal[i]);
        }
        blur(signal, config.width(), config.height(), exposure.blurMm() / config.pixelMm());
        long seed = LatticeNoise.mix(subject.textureSeed() ^ Double.doubleToLongBits(config.scale()));
        for (int i = 0; i < signal.length; i++) {
            double counted = poisson(photons * signal[i], LatticeNoise.mix(seed + i));
            signal[i] = (float) -Math.log(Math.max(counted, 0.5) / photons);
        }
        return display(signal, map, exposure, config);
    }

    private static double poisson(double mean, long bits) {
        if (mean >= FEW_PHOTONS) {
            return Math.rint(mean + Math.sqrt(mean) * NORMAL_QUANTILE[(int) (bits >>> 50)]);
        }
        // Knuth's product of uniforms
        double limit = Math.exp(-mean);
        double product = 1;
        long state = bits;
        for (int count = 0;; count++) {
            state = LatticeNoise.mix(state);
            product *= (state >>> 11) * 0x1p-53;
            if (product <= limit) {
                return count;
            }
        }
    }

    private static GrayImage display(float[] signal, AttenuationMap map, Exposure exposure, PhantomConfig config) {
        double sum = 0;
        double squares = 0;
        long count = 0;
        for (BoneMask mask : map.masks().values()) {
            boolean[] covered = mask.covered();
            for (int i = 0; i < covered.length; i++) {
                if (covered[i]) {
                    double s = signal[(mask.y() + i / mask.width()) * config.width() + mask.x() + i % mask.width()];
                    sum += s;
                    squares += s * s;
                    count++;
                }
            }
        }
        double mean = sum / count;
        double gain = exposure.contrast() / Math.sqrt(squares / count - mean * mean);
        double offset = exposure.meanLevel() - mean * gain;
        float[] curve = gammaCurve(exposure.gamma());
        short[] samples = new short[signal.length];
        for (int i = 0; i < samples.length; i++) {
            double level = Math.clamp(offset + gain * signal[i], 0, 1) * CURVE_STEPS;
            int step = Math.min((int) level, CURVE_STEPS - 1);
            double shown = curve[step] + (level - step) * (curve[step + 1] - curve[step]);
            samples[i] = (short) Math.max(DARKEST, Math.round(65535 * shown));
        }
        return GrayImage.of(config.width(), config.height(), 16, samples);
    }

    private static float[] gammaCurve(double gamma) {
        float[] curve = new float[CURVE_STEPS + 1];
        for (int i = 0; i <= CURVE_STEPS; i++) {
            curve[i] = (float) Math.pow((double) i / CURVE_STEPS, gamma);
        }
        return curve;
    }

    /** Separable Gaussian blur in place, standard deviation in pixels; the image's edge is repeated outwards. */
    private static void blur(float[] image, int width, int height, double sigma) {
        int reach = (int) Math.ceil(3 * sigma);
        float[] kernel = new float[reach + 1];
        double total = 0;
        for (int i = 0; i <= reach; i++) {
            kernel[i] = (float) Math.exp(-i * i / (2 * sigma * sigma));
            total += i == 0 ? kernel[i] : 2 * kernel[i];
        }
        for (int i = 0; i <= reach; i++) {
            kernel[i] /= (float) total;
        }
        float[] across = new float[image.length];
        for (int y = 0; y < height; y++) {
            int row = y * width;
            for (int x = 0; x < width; x++) {
                float value = kernel[0] * image[row + x];
                for (int k = 1; k <= reach; k++) {
                    value += kernel[k] * (image[row + Math.max(0, x - k)] + image[row + Math.min(width - 1, x + k)]);
                }
                across[row + x] = value;
            }
        }
        for (int y = 0; y < height; y++) {
            int row = y * width;
            for (int x = 0; x < width; x++) {
                image[row + x] = kernel[0] * across[row + x];
            }
            for (int k = 1; k <= reach; k++) {
                int above = Math.max(0, y - k) * width;
                int below = Math.min(height - 1, y + k) * width;
                for (int x = 0; x < width; x++) {
                    image[row + x] += kernel[k] * (across[above + x] + across[below + x]);
                }
            }
        }
    }
}
