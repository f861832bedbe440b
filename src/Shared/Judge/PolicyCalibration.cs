namespace StreamScorer.Shared.Judge;

/// <summary>How temperatures and thresholds were chosen, and what they reach. For people and for audits; the judge does not read it.</summary>
/// <param name="Method">In words: what was fitted how.</param>
public sealed record PolicyCalibration(string Method, CalibrationData Data, IReadOnlyDictionary<string, HeadCalibration> Heads);

/// <param name="File">File name without its folder, and which of its rows, if not all.</param>
/// <param name="Sha256">Of the whole file, lower-case hexadecimal.</param>
/// <param name="Rows">Rows that were scored, those left out not counted.</param>
/// <param name="Without">Sources whose rows were left out.</param>
/// <param name="ModelSha256">The model whose logits were fitted: the SHA-256 of its manifest.</param>
public sealed record CalibrationData(string File, string Sha256, int Rows, IReadOnlyList<string> Without, string ModelSha256);

/// <param name="Rows">Rows with a label of the head.</param>
/// <param name="Before">At the temperature 1.</param>
/// <param name="After">At the temperature chosen, on the rows it was chosen on.</param>
/// <param name="HeldOut">The same for rows that had no part in choosing: cross-validation.</param>
/// <param name="Labels">Thresholds, by label.</param>
/// <param name="Background">Rows without a label of the head; null for none.</param>
public sealed record HeadCalibration(
    int Rows,
    CalibrationFigures Before,
    CalibrationFigures After,
    CalibrationFigures HeldOut,
    IReadOnlyDictionary<string, LabelCalibration> Labels,
    int? Background = null);

/// <param name="NegativeLogLikelihood">Mean, natural logarithm.</param>
/// <param name="CalibrationError">Expected calibration error over 15 equal bins; a fraction.</param>
public sealed record CalibrationFigures(double NegativeLogLikelihood, double CalibrationError);

/// <param name="Target">What the flag threshold was to reach.</param>
/// <param name="Positives">Rows that carry the label.</param>
/// <param name="Flag">Null where no threshold reaches the target.</param>
/// <param name="Curve">Support points, thresholds rising.</param>
public sealed record LabelCalibration(
    string Target, int Positives, IReadOnlyList<CurvePoint> Curve, ThresholdFigures? Flag = null, ThresholdFigures? Review = null);

/// <summary>What a threshold reaches; null where nothing reached it.</summary>
/// <param name="HeldOutPrecision">On rows that had no part in choosing, with the thresholds that the others would have chosen.</param>
/// <param name="HeldOutBackground">Share of the rows without a label of the head that reach it, held out likewise.</param>
public sealed record ThresholdFigures(
    float Threshold, double Recall, double? Precision = null, double? HeldOutPrecision = null, double? HeldOutRecall = null, double? HeldOutBackground = null);

/// <param name="Share">Of all rows, those at or above the threshold.</param>
public sealed record CurvePoint(float Threshold, double Recall, double Share, double? Precision = null);
