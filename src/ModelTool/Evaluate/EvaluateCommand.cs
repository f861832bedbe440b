using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelTool.Evaluate;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Evaluation))]
internal sealed partial class EvaluationJson : JsonSerializerContext;

/// <summary><c>modeltool evaluate</c>.</summary>
internal static class EvaluateCommand
{
    private static readonly Argument<string> Scored = new("SCORED") { Description = "JSON Lines as 'streamscorer score' prints them; - for standard input." };
    private static readonly Argument<string> Labelled = new("LABELLED") { Description = "The CSV file that was scored: columns id, source, and one a head with the true label." };
    private static readonly Option<string[]> Without = new("--without")
    {
        Description = "Sources to leave out of the pooled figures, separated by commas.",
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON instead of a table; fractions instead of points." };

    public static Command Create()
    {
        var command = new Command(
            "evaluate",
            "Measures scored posts against their labels: macro-F1 with the most probable label, ROC-AUC, and expected calibration error over 15 equal bins, pooled and by source.")
        {
            Scored, Labelled, Without, Json,
        };
        command.SetAction(parsed =>
        {
            var invocation = parsed.InvocationConfiguration;
            return ToolException.Guard(invocation.Error, () =>
            {
                var evaluation = Evaluate(parsed.GetRequiredValue(Scored), parsed.GetRequiredValue(Labelled), parsed.GetRequiredValue(Without));
                invocation.Output.WriteLine(
                    parsed.GetValue(Json)
                        ? JsonSerializer.Serialize(evaluation, EvaluationJson.Default.Evaluation)
                        : EvaluationTable.Format(evaluation));
            });
        });
        return command;
    }

    private static Evaluation Evaluate(string scored, string labelled, IReadOnlyList<string> without)
    {
        using var rows = new LabelledRows(labelled);
        using var input = scored == "-" ? Console.In : new StreamReader(scored);
        var name = scored == "-" ? "standard input" : scored;
        return Evaluation.Of(ScoredLines.Read(input, name), name, rows, without);
    }
}
