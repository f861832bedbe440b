using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using StreamScorer.Shared.Encode;

namespace ModelTool.Import;

/// <summary><c>--segments overlap=32,most=8,aggregate=mean</c>; what is left out has its default.</summary>
internal static class SegmentOption
{
    public static Option<SegmentSettings?> Create() => new("--segments")
    {
        Description = "Read texts longer than --max-tokens in segments that overlap, such as overlap=32,most=8,aggregate=mean (or max); without it they lose their tail.",
        CustomParser = Parse,
    };

    private static SegmentSettings? Parse(ArgumentResult result)
    {
        var settings = new SegmentSettings();
        foreach (var part in result.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            switch (part.Split('='))
            {
                case ["overlap", var value] when Number(value) is { } overlap:
                    settings = settings with { Overlap = overlap };
                    break;
                case ["most", var value] when Number(value) is { } most:
                    settings = settings with { Most = most };
                    break;
                case ["aggregate", "mean"]:
                    settings = settings with { Aggregate = SegmentAggregate.Mean };
                    break;
                case ["aggregate", "max"]:
                    settings = settings with { Aggregate = SegmentAggregate.Max };
                    break;
                default:
                    result.AddError($"--segments must be such as overlap=32,most=8,aggregate=mean (or max), and has '{part}'.");
                    return null;
            }
        }

        return settings;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
