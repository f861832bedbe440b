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
/// <param name="Quantization">What the served graphs lose; null where nobody measured it.</param>
public sealed record MetricsManifest(string Data, IReadOnlyDictionary<string, HeadMetrics> Heads, QuantizationManifest? Quantization = null);

/// <param name="MacroF1">0 to 1, the most probable label chosen.</param>
/// <param name="RocAuc">0 to 1.</param>
/// <param name="CalibrationError">Expected calibration error, 0 to 1, 15 equal bins.</param>
public sealed record HeadMetrics(int Rows, double MacroF1, double RocAuc, double CalibrationError);

/// <summary>Graphs of less precision against the same weights in fp32.</summary>
/// <param name="DataSha256">Of the labelled file it was measured on, lower-case hexadecimal.</param>
/// <param name="BudgetPoints">Points of macro-F1 that a head was allowed to lose.</param>
/// <param name="KeptFp32">Parts of an int8 graph that stayed fp32: <c>embeddings</c>, <c>layer.0</c> and so on.</param>
/// <param name="Variants">By variant, then by head.</param>
public sealed record QuantizationManifest(
    string DataSha256,
    double BudgetPoints,
    IReadOnlyList<string> KeptFp32,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, QuantizedHead>> Variants);

/// <param name="MacroF1">0 to 1; <paramref name="MacroF1Fp32"/> is that of fp32.</param>
/// <param name="MeanChange">Of a probability, as its absolute value.</param>
/// <param name="LargestChange">Of a probability.</param>
/// <param name="Flips">Posts, of a sigmoid head labels of posts, that are decided differently.</param>
public sealed record QuantizedHead(int Rows, double MacroF1, double MacroF1Fp32, double MeanChange, double LargestChange, int Flips);
