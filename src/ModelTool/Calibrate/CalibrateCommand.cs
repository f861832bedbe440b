using System.CommandLine;
using ModelTool.Evaluate;

namespace ModelTool.Calibrate;

/// <summary><c>modeltool calibrate</c>.</summary>
internal static class CalibrateCommand
{
    private static readonly Argument<string> Folder = new("BUNDLE") { Description = "The bundle's folder; its policy.json is written anew." };
    private static readonly Argument<string> Labelled = new("LABELLED") { Description = "CSV file: columns id, text, and the true labels of each head under the head's name (or a column a label, for sigmoid heads)." };
    private static readonly Option<double?> Precision = CommonOptions.Number("--precision", "Flag: the lowest threshold with at least this precision, such as 0.9.");
    private static readonly Option<bool> BestF1 = new("--best-f1") { Description = "Flag: the threshold with the highest F1." };
    private static readonly Option<double?> CostRatio = CommonOptions.Number("--cost-ratio", "Flag: the least cost, when a post that slips through costs this many times a false alarm.");
    private static readonly Option<double?> ReviewRecall = CommonOptions.Number("--review-recall", "Review: the highest threshold with at least this recall. Default: the threshold 0.5, the label is more likely than not.");
    private static readonly Option<double?> BackgroundFlags = CommonOptions.Number("--background-flags", "Flag: raised until at most this share, such as 0.02, of the rows that have no label of the head reaches it. Rows of other sources stand for the ordinary posts of a stream.");
    private static readonly Option<double?> BackgroundReviews = CommonOptions.Number("--background-reviews", "Review: raised likewise.");
    private static readonly Option<string[]> Labels = CommonOptions.List("--label", "HEAD.LABEL, or HEAD for all of its labels, separated by commas: labels to set thresholds for, beside those that the policy has a rule for.");
    private static readonly Option<string[]> Without = CommonOptions.List("--without", "Sources to leave out, separated by commas.");
    private static readonly Option<int> Folds = new("--folds") { Description = "Parts of the cross-validation.", DefaultValueFactory = _ => 5 };
    private static readonly Option<string?> Version = new("--policy-version") { Description = "Version of the new policy. Default: today's date and a number that counts up." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would be chosen, and write nothing." };

    public static Command Create()
    {
        var command = new Command(
            "calibrate",
            "Fits a temperature a head and thresholds a label to labelled posts, and writes them into the bundle's policy.json, with what they reach on rows that had no part in choosing. Give --precision, --best-f1 or --cost-ratio.")
        {
            Folder, Labelled, Precision, BestF1, CostRatio, ReviewRecall, BackgroundFlags, BackgroundReviews, Labels, Without, Folds, Version, DryRun,
            CommonOptions.Text, CommonOptions.Pair, CommonOptions.Columns, CommonOptions.Where, CommonOptions.Device, CommonOptions.Threads,
        };
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () =>
            {
                var (bundle, policy) = CalibrationRun.Fit(Read(parsed), DateOnly.FromDateTime(DateTime.UtcNow));
                invocation.Output.WriteLine(CalibrationTable.Format(policy));
                if (parsed.GetValue(DryRun))
                {
                    invocation.Output.WriteLine($"Nothing written; the policy stays {bundle.Policy.Version}.");
                    return;
                }

                PolicyUpdate.Write(bundle, policy);
                invocation.Output.WriteLine($"{bundle.PolicyFile}: policy {policy.Version}, before {bundle.Policy.Version}. A running worker takes it within seconds (Model:PolicyInterval).");
            });
        });
        return command;
    }

    private static CalibrationRequest Read(ParseResult parsed)
    {
        var folds = parsed.GetValue(Folds);
        if (folds is < 2 or > 100)
        {
            throw new ToolException($"--folds must lie between 2 and 100, and is {folds}.");
        }

        return new CalibrationRequest
        {
            Folder = parsed.GetRequiredValue(Folder),
            Data = parsed.GetRequiredValue(Labelled),
            Columns = CommonOptions.ReadColumns(parsed),
            Infer = CommonOptions.ReadInfer(parsed),
            Progress = CommonOptions.Progress,
            Targets = new FitTargets(
                Raised(Target(parsed), Fraction(parsed, BackgroundFlags)),
                Raised(Fraction(parsed, ReviewRecall) is { } recall ? new RecallTarget(recall) : new FixedTarget(0.5), Fraction(parsed, BackgroundReviews)),
                folds),
            Without = parsed.GetRequiredValue(Without),
            Labels = parsed.GetRequiredValue(Labels),
            Version = parsed.GetValue(Version),
        };
    }

    private static ThresholdTarget Target(ParseResult parsed)
    {
        var targets = new List<ThresholdTarget>();
        if (Fraction(parsed, Precision) is { } precision)
        {
            targets.Add(new PrecisionTarget(precision));
        }

        if (parsed.GetValue(BestF1))
        {
            targets.Add(new BestF1Target());
        }

        if (parsed.GetValue(CostRatio) is { } ratio)
        {
            targets.Add(double.IsFinite(ratio) && ratio > 0 ? new CostTarget(ratio) : throw new ToolException("--cost-ratio must be above 0."));
        }

        return targets is [var only] ? only : throw new ToolException("Say what flag thresholds are to reach: one of --precision, --best-f1 and --cost-ratio.");
    }

    private static ThresholdTarget Raised(ThresholdTarget target, double? share) => share is { } most ? new BackgroundTarget(target, most) : target;

    private static double? Fraction(ParseResult parsed, Option<double?> option) => parsed.GetValue(option) switch
    {
        null => null,
        > 0 and <= 1 and var value => value,
        _ => throw new ToolException($"{option.Name} must lie above 0 and at most at 1."),
    };
}
