/**
 * A hand radiograph phantom with known truth: hollow bones whose cortex and trabecular network follow a drawn T-score,
 * projected by Beer-Lambert's law. Start at {@link dev.osteon.app.phantom.PhantomDataset}.
 */
package dev.osteon.app.phantom;
