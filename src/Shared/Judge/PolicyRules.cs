using System.Globalization;
using StreamScorer.Shared.Bundle;

namespace StreamScorer.Shared.Judge;

/// <summary>What must hold inside a policy. The serializer lets nulls through as values of a dictionary, so they are looked for here.</summary>
internal static class PolicyRules
{
    // Beyond these every probability is 0, 1 or the same for all labels: a slip of the pen, not a temperature.
    private const float MinTemperature = 0.01f;
    private const float MaxTemperature = 100f;

    /// <summary>Faults, each a clause without a full stop.</summary>
    public static List<string> Check(PolicyFile policy, IReadOnlyList<HeadManifest> heads)
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(policy.Version))
        {
            faults.Add("version is empty");
        }

        foreach (var (name, labels) in policy.Heads)
        {
            if (labels is null)
            {
                faults.Add($"heads.{name} is null");
            }
            else if (Find(name, "threshold", heads, faults) is { } head)
            {
                CheckLabels(head, labels, faults);
            }
        }

        foreach (var (name, temperature) in policy.Temperatures ?? new Dictionary<string, float>())
        {
            // Written so that NaN is refused as well.
            if (Find(name, "temperature", heads, faults) is not null && !(temperature >= MinTemperature && temperature <= MaxTemperature))
            {
                faults.Add(string.Create(
                    CultureInfo.InvariantCulture, $"temperatures.{name} is {temperature} and must lie between {MinTemperature} and {MaxTemperature}"));
            }
        }

        return faults;
    }

    private static HeadManifest? Find(string name, string what, IReadOnlyList<HeadManifest> heads, List<string> faults)
    {
        var head = heads.FirstOrDefault(head => head.Name == name);
        if (head is null)
        {
            faults.Add($"head '{name}' is not in the model, which has {List(heads.Select(head => head.Name))}");
        }
        else if (head.Kind is not (HeadKind.Softmax or HeadKind.Sigmoid))
        {
            faults.Add($"head '{name}' gives no probability a post, so it can have no {what}");
            head = null;
        }

        return head;
    }

    private static void CheckLabels(HeadManifest head, IReadOnlyDictionary<string, PolicyRule> labels, List<string> faults)
    {
        foreach (var (label, rule) in labels)
        {
            if (!head.Labels.Contains(label))
            {
                faults.Add($"head '{head.Name}' has no label '{label}', it has {List(head.Labels)}");
                continue;
            }

            var where = $"{head.Name}.{label}";
            if (rule is null)
            {
                faults.Add($"{where} is null");
                continue;
            }

            CheckThresholds(where, rule.Review, rule.Flag, faults);
            if (rule.FlagName is not null && string.IsNullOrWhiteSpace(rule.FlagName))
            {
                faults.Add($"{where}.flag_name is empty");
            }

            CheckLanguages(where, rule, faults);
        }
    }

    private static void CheckLanguages(string where, PolicyRule rule, List<string> faults)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (language, own) in rule.Languages ?? new Dictionary<string, PolicyThresholds>())
        {
            if (string.IsNullOrWhiteSpace(language))
            {
                faults.Add($"{where}.languages has an empty language");
            }

            if (!seen.Add(language))
            {
                faults.Add($"{where}.languages has '{language}' twice, case does not matter");
            }

            if (own is null)
            {
                faults.Add($"{where}.languages.{language} is null");
                continue;
            }

            CheckThresholds($"{where}.languages.{language}", own.Review ?? rule.Review, own.Flag ?? rule.Flag, faults);
        }
    }

    private static void CheckThresholds(string where, float? review, float? flag, List<string> faults)
    {
        if (review is null && flag is null)
        {
            faults.Add($"{where} has neither a review nor a flag threshold");
        }

        CheckRange($"{where}.review", review, faults);
        CheckRange($"{where}.flag", flag, faults);
        if (review > flag)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{where}.review is {review} and must not be above flag, {flag}"));
        }
    }

    private static void CheckRange(string where, float? threshold, List<string> faults)
    {
        // Written so that NaN is refused as well.
        if (threshold is { } value && !(value > 0 && value <= 1))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{where} is {value} and must lie above 0 and at most at 1"));
        }
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names);
}
