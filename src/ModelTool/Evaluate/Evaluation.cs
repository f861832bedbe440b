using System.Text.Json.Serialization;

namespace ModelTool.Evaluate;

/// <summary>Quality of a head: pooled, and by each value of each slice column.</summary>
/// <param name="MacroF1Interval">95 % bootstrap interval of the pooled macro-F1.</param>
internal sealed record HeadQuality(
    string Kind,
    Quality Pooled,
    Interval? MacroF1Interval,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, Quality>> Slices);

/// <summary>What was held against what.</summary>
/// <param name="Name">Of the scored file or bundle.</param>
/// <param name="Data">File name of the labelled file, and which of its rows.</param>
/// <param name="Sha256">Of the labelled file.</param>
/// <param name="Rows">Rows joined.</param>
/// <param name="Rejected">Rows of those that were not scored and so are in no figure.</param>
/// <param name="Without">Sources left out of all figures but their own.</param>
internal sealed record Evaluation(
    string Name,
    string Data,
    string Sha256,
    int Rows,
    int Rejected,
    IReadOnlyList<string> Without,
    IReadOnlyDictionary<string, HeadQuality> Heads)
{
    public Evaluation? Against { get; init; }

    /// <summary>By head that finds entities; null where the data labels none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EntityHead>? Entities { get; init; }

    /// <summary>By head that finds answers; null where the data labels none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, AnswerHead>? Answers { get; init; }

    /// <summary>By head that both have.</summary>
    public IReadOnlyDictionary<string, HeadComparison>? Comparison { get; init; }

    /// <summary>By head, on entities or answers, that both have.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, TextComparison>? TextComparison { get; init; }

    /// <summary>Values of a slice column beyond this are no slices: somebody named the ids or the texts.</summary>
    private const int MaxSlices = 200;

    /// <param name="slices">Names of the columns that the samples' slices are from.</param>
    public static Evaluation Of(ScoredSet set, string data, IReadOnlyList<string> slices, string sha256, IReadOnlyList<string> without) => new(
        set.Name,
        data,
        sha256,
        set.Rows,
        set.Rejected,
        without,
        set.Heads.ToDictionary(head => head.Head, head => Measure(head, slices, without)))
    {
        Entities = set.Entities.Count == 0 ? null : set.Entities.ToDictionary(head => head.Head, head => EntityHead.Of(head, slices, without)),
        Answers = set.Answers.Count == 0 ? null : set.Answers.ToDictionary(head => head.Head, head => AnswerHead.Of(head.Questions)),
    };

    /// <summary>The posts that pooled figures are of.</summary>
    public static HeadSamples Pool(HeadSamples head, IReadOnlyList<string> without) =>
        without.Count == 0 ? head : head.Where(sample => !without.Contains(sample.Source));

    private static HeadQuality Measure(HeadSamples head, IReadOnlyList<string> slices, IReadOnlyList<string> without)
    {
        var pooled = Pool(head, without);
        return new HeadQuality(
            head.Kind.ToString().ToLowerInvariant(),
            Quality.Of(pooled),
            Bootstrap.MacroF1(pooled),
            slices.Select((column, index) => (column, index)).ToDictionary(
                slice => slice.column,
                IReadOnlyDictionary<string, Quality> (slice) => Slice(slice.column == "source" ? head : pooled, slice.column, slice.index)));
    }

    private static Dictionary<string, Quality> Slice(HeadSamples head, string column, int index)
    {
        var groups = Grouped(head.Samples, sample => sample.Slices[index], column);
        return groups.ToDictionary(group => group.Key, group => Quality.Of(head with { Samples = [.. group] }));
    }

    /// <summary>By the values of a slice column, in order.</summary>
    public static IReadOnlyList<IGrouping<string, T>> Grouped<T>(IEnumerable<T> samples, Func<T, string> value, string column)
    {
        var groups = samples.GroupBy(value).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        return groups.Count <= MaxSlices
            ? groups
            : throw new ToolException($"Column '{column}' has {groups.Count} different values, more than the {MaxSlices} that --slice can show: name a column with groups of posts.");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified,
    WriteIndented = true)]
[JsonSerializable(typeof(Evaluation))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
