using ModelTool.Texts;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace ModelTool.Train;

/// <summary>Reads a <see cref="TrainConfig"/> and checks it, all faults at once.</summary>
internal static class TrainConfigFile
{
    private static readonly string[] Folders = ["checkpoint", "output"];
    private static readonly string[] FileLists = ["data.train", "data.dev", "data.teacher.scores"];

    /// <param name="overrides">
    /// <c>name=value</c>, nested names with dots, values in YAML: <c>freeze.layers=2</c>. Relative paths start at the current folder, as everywhere on a command line, and a list of one
    /// file needs no brackets.
    /// </param>
    /// <exception cref="ToolException">The file is no valid YAML, has an unknown name, or a value that cannot be.</exception>
    public static TrainConfig Read(string file, IReadOnlyList<string> overrides)
    {
        TrainConfig config;
        try
        {
            var written = File.ReadAllText(file);
            var stream = new YamlStream();
            stream.Load(new StringReader(written));
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
            {
                throw new ToolException($"{file} must hold one YAML document of names with values, such as 'epochs: 3'.");
            }

            RequireValues(root, file, "");
            _ = Deserialise(written); // before anything is replaced, so that a fault is named with its line in the file
            foreach (var entry in overrides)
            {
                Override(root, entry);
            }

            RequireValues(root, "--set", "");
            using var text = new StringWriter();
            new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
            config = Deserialise(text.ToString());
        }
        catch (YamlException e)
        {
            throw new ToolException($"{file}, line {e.Start.Line}: {(e.InnerException ?? e).Message}", e);
        }

        var faults = Faults(config).ToList();
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return faults.Count == 0 ? Rooted(config, folder) : throw new ToolException($"{file}: {string.Join("; ", faults)}.");
    }

    private static TrainConfig Deserialise(string text) => new DeserializerBuilder()
        .WithNamingConvention(UnderscoredNamingConvention.Instance)
        .Build()
        .Deserialize<TrainConfig>(text) ?? new TrainConfig();

    /// <summary>A name without a value would put nothing in the place of a default.</summary>
    private static void RequireValues(YamlNode node, string where, string name)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach (var (key, value) in mapping.Children)
                {
                    RequireValues(value, where, name.Length == 0 ? $"{key}" : $"{name}.{key}");
                }

                break;
            case YamlSequenceNode sequence:
                foreach (var item in sequence.Children)
                {
                    RequireValues(item, where, name);
                }

                break;
            case YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" }:
                throw new ToolException($"{where}: '{name}' has no value: give one, or leave it out for the default.");
        }
    }

    private static void Override(YamlMappingNode root, string entry)
    {
        var at = entry.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
        {
            throw new ToolException($"--set {entry} must be name=value, such as epochs=3 or freeze.layers=2.");
        }

        var names = entry[..at].Split('.');
        var node = root;
        foreach (var name in names[..^1])
        {
            if (!node.Children.TryGetValue(name, out var child) || child is not YamlMappingNode)
            {
                node.Children[name] = child = new YamlMappingNode();
            }

            node = (YamlMappingNode)child;
        }

        var value = new YamlStream();
        value.Load(new StringReader(entry[(at + 1)..]));
        var given = value.Documents is [{ } document, ..] ? document.RootNode : new YamlScalarNode("") { Style = ScalarStyle.Plain };
        node.Children[names[^1]] = FromCurrentFolder(entry[..at], given);
    }

    private static YamlNode FromCurrentFolder(string name, YamlNode value)
    {
        var isList = FileLists.Contains(name);
        switch (value)
        {
            case YamlMappingNode mapping:
                return new YamlMappingNode(mapping.Children.Select(pair => KeyValuePair.Create(pair.Key, FromCurrentFolder($"{name}.{pair.Key}", pair.Value))));
            case YamlSequenceNode sequence when isList:
                return new YamlSequenceNode(sequence.Children.Select(FullPath));
            case YamlScalarNode { Value.Length: > 0 } when isList:
                return new YamlSequenceNode(FullPath(value));
            case YamlScalarNode when Folders.Contains(name):
                return FullPath(value);
            default:
                return value;
        }
    }

    private static YamlNode FullPath(YamlNode node) =>
        node is YamlScalarNode { Value: { Length: > 0 } path } and not { Style: ScalarStyle.Plain, Value: "~" or "null" } ? new YamlScalarNode(Path.GetFullPath(path)) : node;

    private static TrainConfig Rooted(TrainConfig config, string folder) => config with
    {
        Checkpoint = Path.GetFullPath(config.Checkpoint, folder),
        Output = Path.GetFullPath(config.Output, folder),
        Data = config.Data with
        {
            Train = [.. config.Data.Train.Select(file => Path.GetFullPath(file, folder))],
            Dev = [.. config.Data.Dev.Select(file => Path.GetFullPath(file, folder))],
            Teacher = config.Data.Teacher with { Scores = [.. config.Data.Teacher.Scores.Select(file => Path.GetFullPath(file, folder))] },
        },
        Heads = config.Heads.ToDictionary(head => head.Key, head => head.Value is { Kind: "span", Labels.Count: 0 } ? head.Value with { Labels = ["start", "end"] } : head.Value),
    };

    private static IEnumerable<string> Faults(TrainConfig config)
    {
        (bool Holds, string Rule)[] rules =
        [
            (config.Checkpoint.Length > 0, "'checkpoint' must name the folder to start from"),
            (config.Output.Length > 0, "'output' must name a folder"),
            (config.Data.Train.Count > 0, "'data.train' must name at least one file"),
            (config.Heads.Count > 0, "'heads' must name at least one head"),
            (config.Batch >= 1, $"'batch' must be at least 1 and is {config.Batch}"),
            (config.Epochs >= 1, $"'epochs' must be at least 1 and is {config.Epochs}"),
            (config.LearningRate > 0, $"'learning_rate' must be above 0 and is {config.LearningRate}"),
            (config.Warmup is >= 0 and < 1, $"'warmup' must be at least 0 and below 1, and is {config.Warmup}"),
            (config.WeightDecay >= 0, $"'weight_decay' must be at least 0 and is {config.WeightDecay}"),
            (config.AdamEpsilon > 0, $"'adam_epsilon' must be above 0 and is {config.AdamEpsilon}"),
            (config.GradientNorm >= 0, $"'gradient_norm' must be at least 0 and is {config.GradientNorm}"),
            (config.Average is >= 0 and < 1, $"'average' must be at least 0 and below 1, and is {config.Average}"),
            (config.Dropout is >= 0 and < 1, $"'dropout' must be at least 0 and below 1, and is {config.Dropout}"),
            (config.MaxTokens >= 3, $"'max_tokens' must be at least 3 and is {config.MaxTokens}"),
            (config.Segments is null || config.Data.Pair is null, "'segments' cut one text, and 'data.pair' names a second"),
            (config.Segments is null || config.Heads.Values.All(head => head.Kind is "softmax" or "sigmoid"), "'segments' are for softmax and sigmoid heads"),
            (config.Patience >= 0, $"'patience' must be at least 0 and is {config.Patience}"),
            (config.CheckpointSteps >= 1, $"'checkpoint_steps' must be at least 1 and is {config.CheckpointSteps}"),
            (config.Device is TrainConfig.Cpu or TrainConfig.Cuda or TrainConfig.CpuGraph, $"'device' must be cpu, cuda or cpu-graph and is {config.Device}"),
            (config.Threads >= 0, $"'threads' must be at least 0 and is {config.Threads}"),
            (config.Freeze.Layers >= 0, $"'freeze.layers' must be at least 0 and is {config.Freeze.Layers}"),
            (config.Data.SourceWeights.Values.All(weight => weight >= 0), "'data.source_weights' must be at least 0"),
            (config.Data.Teacher.Weight is >= 0 and <= 1, $"'data.teacher.weight' must be from 0 to 1 and is {config.Data.Teacher.Weight}"),
            (config.Data.Teacher.Share is >= 0 and <= 1, $"'data.teacher.share' must be from 0 to 1 and is {config.Data.Teacher.Share}"),
        ];
        return rules.Where(rule => !rule.Holds).Select(rule => rule.Rule)
            .Concat(config.Heads.SelectMany(head => Faults(head.Key, head.Value)))
            .Concat(FileFaults(config, "token", TextFiles.IsConll, "a CoNLL file, .conll"))
            .Concat(FileFaults(config, "span", TextFiles.IsSquad, "a file with questions, .json"))
            .Concat((config.Segments?.Faults(config.MaxTokens) ?? []).Select(fault => $"'segments': {fault}"))
            .Concat(config.Freeze.Heads.Where(head => !config.Heads.ContainsKey(head)).Select(head => $"'freeze.heads' names '{head}', which is no head"));
    }

    private static IEnumerable<string> Faults(string name, HeadConfig head)
    {
        (bool Holds, string Rule)[] rules =
        [
            (head.Kind is "softmax" or "sigmoid" or "token" or "span", $"is '{head.Kind}' and must be softmax, sigmoid, token or span"),
            (head.Kind == "span" ? head.Labels.Count is 0 or 2 : head.Labels.Count >= (head.Kind == "sigmoid" ? 1 : 2), "needs its labels, in the order of the logits"),
            (head.Kind != "span" || head.ClassWeights.Count == 0, "has class_weights, which a span cannot have"),
            (head.Labels.Distinct(StringComparer.Ordinal).Count() == head.Labels.Count, "has a label twice"),
            (head.Weight > 0, $"needs a weight above 0, not {head.Weight}; to leave a head alone, freeze it or leave it out"),
            (head.ClassWeights.Count == 0 || head.ClassWeights.Count == head.Labels.Count, $"has {head.ClassWeights.Count} class_weights for {head.Labels.Count} labels"),
            (head.ClassWeights.All(weight => weight >= 0), "needs class_weights of at least 0"),
            (head.Assume.Count == 0 || head.Kind == "softmax", "assumes a label, which only softmax heads can"),
            (head.Assume.All(rule => rule.Column.Length > 0 && rule.Values.Count > 0), "assumes a label and must say by which column and values"),
            (head.Assume.All(rule => head.Labels.Contains(rule.Label)), "assumes a label that it does not have"),
            (head.Assume.All(rule => rule.Weight is >= 0 and <= 1), "assumes a label with a weight that must be from 0 to 1"),
        ];
        var tags = head.Kind == "token" ? BioLabels.Fault(head.Labels) : null;
        return rules.Where(rule => !rule.Holds).Select(rule => rule.Rule).Concat(((string?[])[tags]).OfType<string>()).Select(fault => $"head '{name}' {fault}");
    }

    /// <summary>Such a file has labels for one head of a kind, and no other file has them.</summary>
    private static IEnumerable<string> FileFaults(TrainConfig config, string kind, Func<string, bool> isOne, string needed)
    {
        List<string> heads = [.. config.Heads.Where(head => head.Value.Kind == kind).Select(head => $"'{head.Key}'")];
        if (heads.Count > 1)
        {
            yield return $"heads {string.Join(", ", heads)} are all of the kind {kind}, and a file has labels for one";
        }

        if (heads.Count > 0 && config.Data.Train.Count > 0 && !config.Data.Train.Exists(file => isOne(file)))
        {
            yield return $"head {heads[0]} needs {needed}, among 'data.train'";
        }
    }
}
