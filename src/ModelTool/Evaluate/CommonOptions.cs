using System.CommandLine;
using System.Globalization;
using StreamScorer.Shared.Infer;

namespace ModelTool.Evaluate;

/// <summary>Options of every command that scores a labelled file.</summary>
internal static class CommonOptions
{
    public static readonly Option<string> Text = new("--text-column") { Description = "Column with the texts.", DefaultValueFactory = _ => "text" };
    public static readonly Option<string?> Pair = new("--pair-column") { Description = "Column with the second texts, for heads that read pairs." };
    public static readonly Option<string[]> Where = List("--where", "COLUMN=VALUE, separated by commas: only rows that have these values, such as split=dev.");
    public static readonly Option<DeviceChoice> Device = new("--device") { Description = "Auto, Cpu or Cuda.", DefaultValueFactory = _ => DeviceChoice.Auto };
    public static readonly Option<int> Threads = new("--threads") { Description = "Threads of the model on the CPU; 0 takes all cores.", DefaultValueFactory = _ => 0 };
    public static readonly Option<string[]> Columns = List("--column", "HEAD=COLUMN, separated by commas: where a column with labels is not named as its head.");

    public static Option<string[]> List(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
    };

    public static LabelledColumns ReadColumns(ParseResult parsed)
    {
        return new LabelledColumns
        {
            Text = parsed.GetRequiredValue(Text),
            Pair = parsed.GetValue(Pair),
            Where = ReadPairs(parsed, Where, "COLUMN=VALUE"),
            Heads = ReadPairs(parsed, Columns, "HEAD=COLUMN"),
        };
    }

    private static Dictionary<string, string> ReadPairs(ParseResult parsed, Option<string[]> option, string form)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var pair in parsed.GetRequiredValue(option))
        {
            pairs[pair.Split('=')[0]] = pair.Split('=') is [{ Length: > 0 }, { Length: > 0 } value]
                ? value
                : throw new ToolException($"{option.Name} must be {form}, and is '{pair}'.");
        }

        return pairs;
    }

    /// <summary>Standard error, where a person is looking at it.</summary>
    public static TextWriter? Progress => Console.IsErrorRedirected ? null : Console.Error;

    public static Option<double?> Number(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            result.AddError($"{name} must be a number, and is '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    public static InferOptions ReadInfer(ParseResult parsed) =>
        new() { Device = parsed.GetValue(Device), Threads = Math.Max(0, parsed.GetValue(Threads)) };
}
