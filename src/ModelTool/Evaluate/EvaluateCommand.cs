using System.CommandLine;
using System.Text;
using System.Text.Json;
using StreamScorer.Shared.Infer;

namespace ModelTool.Evaluate;

/// <summary><c>modeltool evaluate</c>.</summary>
internal static class EvaluateCommand
{
    private static readonly Argument<string[]> Files = new("FILES")
    {
        Description = "SCORED LABELLED: what 'streamscorer score' printed (- for standard input), and the CSV file that was scored. With --bundle only LABELLED. Columns: id, and the true labels of each head under the head's name (or a column a label, for sigmoid heads). With --bundle LABELLED may also be sentences with entities (CoNLL, .conll) or questions with answers (SQuAD 1.1, .json).",
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
        var without = parsed.GetRequiredValue(Without);
        if (TextScores.IsOne(file))
        {
            string[] bundles = [.. ((string?[])[bundle, parsed.GetValue(Against)]).OfType<string>()];
            return bundle is null
                ? throw new ToolException($"Name a bundle with --bundle: scored lines say nothing of the words of {file}.")
                : EvaluateTexts(file, columns, bundles, CommonOptions.ReadInfer(parsed), without);
        }

        using var labelled = new LabelledRows(file, columns);
        using var sources = new ScoredSources(file, columns, CommonOptions.ReadInfer(parsed), CommonOptions.Progress);
        var inputs = new List<ScoredInput> { bundle is null ? sources.OpenFile(files[0]) : sources.OpenBundle(bundle) };
        if (parsed.GetValue(Against) is { } other)
        {
            inputs.Add(sources.Open(other));
        }

        if (without.Length > 0)
        {
            labelled.NeedSource();
        }

        return Measure(SampleReader.Read(labelled, inputs), file, labelled.Name, labelled.Slices, without);
    }

    private static (Evaluation Evaluation, IReadOnlyList<ScoredSet> Pooled) EvaluateTexts(
        string file, LabelledColumns columns, string[] bundles, InferOptions infer, string[] without)
    {
        var slices = TextScores.Slices(file, columns, without);
        var sets = new List<ScoredSet>();
        foreach (var bundle in bundles)
        {
            using var scores = new TextScores(file, columns, bundle, infer);
            sets.Add(scores.Read(slices));
        }

        return Measure(sets, file, Path.GetFileName(file), slices, without);
    }

    private static (Evaluation Evaluation, IReadOnlyList<ScoredSet> Pooled) Measure(
        IReadOnlyList<ScoredSet> sets, string file, string name, IReadOnlyList<string> slices, string[] without)
    {
        var sha256 = LabelledRows.Digest(file);
        var evaluations = sets.Select(set => Evaluation.Of(set, name, slices, sha256, without)).ToList();
        var pooled = sets
            .Select(set => set with { Heads = [.. set.Heads.Select(head => Evaluation.Pool(head, without))], Entities = [.. set.Entities.Select(head => head.Without(without))] })
            .ToList();
        if (pooled.Count == 1)
        {
            return (evaluations[0], pooled);
        }

        var both = Pairs(pooled[0].Heads, pooled[1].Heads, head => head.Head, HeadComparison.Of);
        var texts = Pairs(pooled[0].Entities, pooled[1].Entities, head => head.Head, TextComparison.Of)
            .Concat(Pairs(pooled[0].Answers, pooled[1].Answers, head => head.Head, TextComparison.Of)).ToDictionary();
        return both.Count + texts.Count == 0
            ? throw new ToolException($"{sets[0].Name} and {sets[1].Name} have no head in common: there is nothing to compare.")
            : (evaluations[0] with { Against = evaluations[1], Comparison = both, TextComparison = texts.Count == 0 ? null : texts }, pooled);
    }

    private static Dictionary<string, TComparison> Pairs<T, TComparison>(
        IReadOnlyList<T> first, IReadOnlyList<T> second, Func<T, string> name, Func<T, T, TComparison> compare) =>
        first.Join(second, name, name, (a, b) => (Name: name(a), Comparison: compare(a, b))).ToDictionary(pair => pair.Name, pair => pair.Comparison);
}
