using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace StreamScorer.Configure;

/// <summary>The settings, and where each of them comes from.</summary>
/// <param name="Configuration">The same as names and values, for libraries that read it themselves, such as logging.</param>
/// <param name="Given">What was set, by its key; all else is the default.</param>
/// <param name="Warnings">Secrets that others can see, a line each.</param>
internal sealed record LoadedSettings(Settings Settings, IConfiguration Configuration, IReadOnlyDictionary<string, GivenOption> Given, IReadOnlyList<string> Warnings)
{
    public void Deconstruct(out Settings settings, out IConfiguration configuration) => (settings, configuration) = (Settings, Configuration);

    /// <summary>Every option that counts, a line each: where it comes from, name, value. Nothing of a secret.</summary>
    public IEnumerable<string> Lines()
    {
        var options = Options().ToList();
        var width = options.Max(option => option.Origin.Length);
        return options.Select(option => $"{option.Origin.PadRight(width)}  {option.Key} = {option.Value}");
    }

    private IEnumerable<(string Origin, string Key, string Value)> Options()
    {
        foreach (var section in typeof(Settings).GetProperties().OrderBy(section => section.Name, StringComparer.Ordinal))
        {
            foreach (var option in section.PropertyType.GetProperties().Where(option => option.CanWrite))
            {
                var value = option.GetValue(section.GetValue(Settings));
                if (value is not IDictionary)
                {
                    yield return Line($"{section.Name}:{option.Name}", value);
                }
            }
        }

        foreach (var (key, option) in Given.Where(given => given.Key.Count(c => c == ':') > 1).OrderBy(given => given.Key, StringComparer.Ordinal))
        {
            yield return Line(key, option.Value);
        }
    }

    private (string Origin, string Key, string Value) Line(string key, object? value)
        => (Given.TryGetValue(key, out var given) ? given.Origin : "default", key, value is null ? "none" : Secrets.Show(key, Convert.ToString(value, CultureInfo.InvariantCulture)!));
}
