namespace StreamScorer.Shared.Bundle;

/// <summary>Where the weights come from, for people.</summary>
/// <param name="Base">The checkpoint that training started from, and its licence.</param>
/// <param name="Recipe">Optimiser, epochs, seed: what is needed to do it again.</param>
public sealed record TrainingManifest(string Base, string Recipe, IReadOnlyList<TrainingSource> Sources);

/// <param name="Rows">Labelled rows that were trained on.</param>
/// <param name="Terms">Licence, or what its publisher says instead.</param>
public sealed record TrainingSource(string Name, int Rows, IReadOnlyList<string> Heads, string Terms);

/// <summary>Measured quality.</summary>
/// <param name="Data">What it was measured on.</param>
/// <param name="Heads">By head name.</param>
public sealed record MetricsManifest(string Data, IReadOnlyDictionary<string, HeadMetrics> Heads);

/// <param name="MacroF1">0 to 1, the most probable label chosen.</param>
/// <param name="RocAuc">0 to 1.</param>
/// <param name="CalibrationError">Expected calibration error, 0 to 1, 15 equal bins.</param>
public sealed record HeadMetrics(int Rows, double MacroF1, double RocAuc, double CalibrationError);
