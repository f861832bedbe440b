using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace ModelTool.Evaluate;

/// <summary><c>modeltool evaluate</c>.</summary>
internal static class EvaluateCommand
{
    private static readonly Argument<string[]> Files = new("FILES")
    {
        Description = "SCORED LABELLED: what 'streamscorer score' printed (- for standard input), and the CSV file that was scored. With --bundle only LABELLED. Columns: id, and the true labels of each head under the head's name (or a column a label, for sigmoid heads).",
        Arity = new ArgumentArity(1, 2),
    };

    private static readonly Option<string?> Bundle = new("--bundle") { Description = "Score LABELLED with this model bundle instead of reading SCORED." };
    private static readonly Option<string?> Against = new("--against") { Description = "A second bundle or scored file to compare with; what flips is listed by id." };
    private static readonly Option<string[]> Slice = CommonOptions.List("--slice", "Columns by whose values figures are broken down, separated by commas. Default: source, if there is one.");
    private static readonly Option<string[]> Without = CommonOptions.List("--without", "Sources to leave out of all figures but their own, separated by commas.");
    private static readonly Option<FileInfo?> Html = new("--html") { Description = "Also write a page with plots to this file." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON instead of a table; fractions instead of points." };

    public static Command Create()
    {
        var command = new Command(
            "evaluate",
            "Measures scored posts against their labels: accuracy, macro-F1, precision and recall a label, ROC-AUC, PR-AUC, expected calibration error over 15 equal bins, Brier score; pooled and by slice.")
        {
            Files, Bundle, Against, Slice, Without, CommonOptions.Text, CommonOptions.Pair, CommonOptions.Columns, CommonOptions.Where, CommonOptions.Device, CommonOptions.Threads, Html, Json,
        };
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () =>
            {
                var (evaluation, sets) = Evaluate(parsed);
                if (parsed.GetValue(Html) is { } page)
                {
                    AtomicFile.Write(page.FullName, Encoding.UTF8.GetBytes(Report.HtmlReport.Write(evaluation, sets)));
                }

                invocation.Output.WriteLine(
                    parsed.GetValue(Json)
                        ? JsonSerializer.Serialize(evaluation, EvaluationJson.Default.Evaluation)
                        : EvaluationTable.Format(evaluation));
            });
        });
        return command;
    }

    private static (Evaluation Evaluation, IReadOnlyList<ScoredSet> Pooled) Evaluate(ParseResult parsed)
    {
        var files = parsed.GetRequiredValue(Files);
        var bundle = parsed.GetValue(Bundle);
        if (files.Length != (bundle is null ? 2 : 1))
        {
            throw new ToolException("Give SCORED and LABELLED, or --bundle FOLDER and LABELLED.");
        }

        // Before the model runs for minutes.
        if (parsed.GetValue(Html) is { } page && !Directory.Exists(page.DirectoryName))
        {
            throw new ToolException($"The folder of --html {page} does not exist: make it first.");
        }

        var file = files[^1];
        var columns = CommonOptions.ReadColumns(parsed) with { Slices = parsed.GetRequiredValue(Slice) is { Length: > 0 } slices ? slices : null };
        using var labelled = new LabelledRows(file, columns);
        using var sources = new ScoredSources(file, columns, CommonOptions.ReadInfer(parsed), CommonOptions.Progress);
        var inputs = new List<ScoredInput> { bundle is null ? sources.OpenFile(files[0]) : sources.OpenBundle(bundle) };
        if (parsed.GetValue(Against) is { } other)
        {
            inputs.Add(sources.Open(other));
        }

        var without = parsed.GetRequiredValue(Without);
        if (without.Length > 0)
        {
            labelled.NeedSource();
        }

        return Measure(SampleReader.Read(labelled, inputs), labelled, LabelledRows.Digest(file), without);
    }

    private static (Evaluation Evaluation, IReadOnlyList<ScoredSet> Pooled) Measure(
        IReadOnlyList<ScoredSet> sets, LabelledRows labelled, string sha256, string[] without)
    {
        var evaluations = sets.Select(set => Evaluation.Of(set, labelled, sha256, without)).ToList();
        var pooled = sets
            .Select(set => set with { Heads = [.. set.Heads.Select(head => Evaluation.Pool(head, without))] })
            .ToList();
        if (pooled.Count == 1)
        {
            return (evaluations[0], pooled);
        }

        var both = pooled[0].Heads.Join(pooled[1].Heads, head => head.Head, head => head.Head, (first, second) => (first, second)).ToList();
        return both.Count == 0
            ? throw new ToolException($"{sets[0].Name} and {sets[1].Name} have no head in common: there is nothing to compare.")
            : (evaluations[0] with
            {
                Against = evaluations[1],
                Comparison = both.ToDictionary(pair => pair.first.Head, pair => HeadComparison.Of(pair.first, pair.second)),
            }, pooled);
    }
}
